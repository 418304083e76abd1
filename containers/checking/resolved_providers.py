"""What a model is built of, as a tree of providers: each one once."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import Any

from dependency_injector import providers

from nested_lightning.containers.checking.provider_graph import in_force, list_providers
from nested_lightning.containers.overrides.override import Override, called_for, describe
from nested_lightning.containers.providing.declared import expected_of
from nested_lightning.containers.providing.named import NamedProviders, WithParts
from nested_lightning.settings.base import ChoiceSettings, Settings

_GETTERS = (
    providers.ProvidedInstance,
    providers.AttributeGetter,
    providers.ItemGetter,
    providers.MethodCaller,
)


@dataclass(frozen=True, kw_only=True)
class ResolvedProvider:
    """A provider with those that it needs.

    Attributes:
        name: Dotted name below the family's container.
        target: Name of the class or function that it calls; empty: it only holds named items.
        is_overridden: Whether something was put in its place.
        is_repeated: Whether it stands elsewhere in the tree already, with what it needs.
        makes_module: Whether it is declared as one of an ``nn.Module``.
        children: What it needs.
    """

    name: str
    target: str
    is_overridden: bool
    is_repeated: bool
    makes_module: bool
    children: tuple["ResolvedProvider", ...]

    def __iter__(self) -> Iterator["ResolvedProvider"]:
        """Return it, and all that it needs."""
        yield self
        for child in self.children:
            yield from child


def resolve_model(family: Any, *, makers: Collection[str] | None = None) -> ResolvedProvider:
    """Return the tree of what a family's model needs; nothing is called but what gives settings.

    Providers of submodules that aren't among the ``makers`` of the model's are left out; None: none is.
    """
    tree = next(_Resolution(family).visit(family.providers["model"]))
    return tree if makers is None else _without_idle(tree, makers)


def _without_idle(tree: ResolvedProvider, makers: Collection[str]) -> ResolvedProvider:
    def is_kept(one: ResolvedProvider) -> bool:
        return not one.makes_module or one.is_overridden or any(each.name in makers for each in one)

    kept = filter(is_kept, tree.children)
    return replace(tree, children=tuple(_without_idle(one, makers) for one in kept))


class _Resolution:
    def __init__(self, family: Any) -> None:
        self._names = {id(provider): name for name, provider in list_providers(family)}
        self._seen: set[int] = set()

    def visit(self, provider: Any) -> Iterator[ResolvedProvider]:
        """Yield a provider, or, if it has no name, those that it is made of."""
        if isinstance(provider, (providers.Delegate, *_GETTERS)):
            yield from self.visit(provider.provides)
        elif isinstance(provider, providers.Dependency):
            if not issubclass(provider.instance_of, Settings) and provider.is_defined:
                yield from self.visit(in_force(provider))
        elif isinstance(provider, providers.Object) and not self._is_replaced(provider):
            return
        elif id(provider) not in self._names:
            yield from self._children(provider)
        else:
            yield self._named(provider)

    def _named(self, provider: Any) -> ResolvedProvider:
        is_repeated = id(provider) in self._seen
        self._seen.add(id(provider))
        is_replaced = self._is_replaced(provider)
        is_plain = is_repeated or is_replaced
        return ResolvedProvider(
            name=self._names[id(provider)],
            target="" if isinstance(provider, NamedProviders) else target_name(provider),
            is_overridden=is_replaced,
            is_repeated=is_repeated,
            makes_module=expected_of(provider).is_module,
            children=() if is_plain else tuple(self._children(provider)),
        )

    def _is_replaced(self, provider: Any) -> bool:
        """Return whether somebody overrode a provider; a container that is opened overrides two by itself."""
        return bool(provider.overridden) and self._names.get(id(provider)) not in ("model", "known_data_spec")

    def _children(self, provider: Any) -> Iterator[ResolvedProvider]:
        if isinstance(provider, NamedProviders):
            inner = next(iter(provider.related))
            overridden = [item for item in provider.named.values() if item.overridden]
            yield from self._children(inner)
            for item in overridden:
                yield from self.visit(item)
            return
        keywords = getattr(provider, "kwargs", None) or {}
        for argument in (*getattr(provider, "args", ()), *keywords.values()):
            if isinstance(argument, providers.Provider):
                yield from self.visit(argument)


def target_name(provider: Any) -> str:
    """Return the name of what a provider calls, or of what was chosen in the settings."""
    called = in_force(provider) if provider.overridden else provider
    own = [called.choice] if isinstance(called, WithParts) and called.choice else []
    for argument in (*own, *getattr(called, "args", ())):
        is_read = argument in own or isinstance(argument, providers.AttributeGetter)
        if is_read and isinstance(choice := argument(), ChoiceSettings):
            target: Any = choice.target
            return str(target).rpartition(".")[2] if isinstance(target, str) else str(target.__name__)
    if isinstance(called, providers.Object):
        return f"a ready {type(called()).__name__}"
    made = getattr(called, "provides", None)
    if isinstance(override := getattr(made, "__self__", None), Override):
        return describe(called_for(override.replacement) or override.replacement)
    if isinstance(made, providers.Provider):
        return target_name(in_force(made))
    return str(getattr(made, "__name__", type(called).__name__))
