"""The providers of a container as a graph: their names, and what is injected into which."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from dependency_injector import providers

from nested_lightning.containers.providing.named import NamedProviders
from nested_lightning.containers.providing.nested import WithParts

_GETTERS = (
    providers.ProvidedInstance,
    providers.AttributeGetter,
    providers.ItemGetter,
    providers.MethodCaller,
)
_CONTAINERS = (providers.Container, providers.DependenciesContainer)


@dataclass(frozen=True)
class Injection:
    """Something that is injected into a provider.

    Attributes:
        name: Keyword, or position in words.
        provider: What gives it, as it stands in the container.
    """

    name: str
    provider: Any


def list_providers(container: Any, path: str = "") -> Iterator[tuple[str, providers.Provider[Any]]]:
    """Yield dotted path and provider of all that a container has a name for, sub-containers included.

    Of named items those are there that were addressed so far; what has two names has the first.
    """
    seen: set[int] = set()
    for name, provider in _list_all(container, path):
        if id(provider) not in seen:
            seen.add(id(provider))
            yield name, provider


def _list_all(container: Any, path: str) -> Iterator[tuple[str, providers.Provider[Any]]]:
    for name, provider in container.providers.items():
        own = f"{path}.{name}" if path else name
        if isinstance(provider, providers.Container):
            yield from _list_all(provider, own)
        elif not isinstance(provider, _CONTAINERS):
            yield own, provider
        yield from _list_within(provider, own)


def _list_within(provider: Any, path: str) -> Iterator[tuple[str, providers.Provider[Any]]]:
    """Yield the items of named providers, and the parts of what is made of parts."""
    items = provider.named if isinstance(provider, NamedProviders) else {}
    for item, inner in items.items():
        own = f"{path}.{quote(item).replace('.', '%2E')}"
        yield own, inner
        yield from _list_within(inner, own)
    for part, inner in provider.parts.items() if isinstance(provider, WithParts) else ():
        yield f"{path}.{part}", inner
        yield from _list_within(inner, f"{path}.{part}")


def in_force(provider: providers.Provider[Any]) -> providers.Provider[Any]:
    """Return what is called in a provider's place: the latest override, if there is one."""
    while provider.overridden:
        provider = provider.overridden[-1]
    return provider


def injections(provider: providers.Provider[Any]) -> list[Injection]:
    """Return what a provider calls to build: not what is handed on uncalled as ``.provider``."""
    if isinstance(provider, _GETTERS):
        return [Injection("", provider.provides)]
    if isinstance(provider, providers.Delegate | providers.Object | providers.Dependency):
        return []
    if isinstance(provider, NamedProviders):
        return [Injection("", item) for item in provider.related]
    given = [Injection(f"argument {i}", value) for i, value in enumerate(_positional(provider), start=1)]
    given += [Injection(name, value) for name, value in _keywords(provider).items()]
    target = getattr(provider, "provides", None)
    given.append(Injection("", target))
    return [each for each in given if _is_called(each.provider)]


def provided_chain(getter: Any) -> list[str]:
    """Return the names in ``provider.provided.a.b``, without what they are got of."""
    names: list[str] = []
    while isinstance(getter, providers.AttributeGetter):
        names.insert(0, str(getter.name))
        getter = getter.provides
    return names


def find_cycles(container: Any) -> list[tuple[str, ...]]:
    """Return each circle of providers that need one another to be built, by their names."""
    names = {id(provider): name for name, provider in list_providers(container)}
    found: dict[frozenset[str], tuple[str, ...]] = {}
    done: set[int] = set()

    def visit(provider: providers.Provider[Any], above: Sequence[providers.Provider[Any]]) -> None:
        if any(provider is other for other in above):
            start = next(i for i, other in enumerate(above) if other is provider)
            circle = [names[id(one)] for one in above[start:] if id(one) in names]
            found.setdefault(frozenset(circle), (*circle, circle[0]) if circle else ())
        elif id(provider) not in done:
            for each in [Injection("", p) for p in provider.overridden[-1:]] or injections(provider):
                visit(each.provider, (*above, provider))
            done.add(id(provider))

    for _, provider in list_providers(container):
        visit(provider, ())
    return list(found.values())


def _positional(provider: Any) -> Sequence[Any]:
    return getattr(provider, "args", ())


def _keywords(provider: Any) -> dict[str, Any]:
    return dict(getattr(provider, "kwargs", None) or {})


def _is_called(value: Any) -> bool:
    return isinstance(value, providers.Provider) and not isinstance(value, providers.Delegate)
