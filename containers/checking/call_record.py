"""Which providers are called while a model is built, which of them made what, and which failed."""

from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from dependency_injector import providers

from nested_lightning.app.assembly.errors import CompositionError
from nested_lightning.app.checking.findings import Fault
from nested_lightning.app.errors import did_you_mean
from nested_lightning.containers.checking.provider_graph import list_providers
from nested_lightning.containers.overrides.model_provider import overrides_of
from nested_lightning.containers.providing.declared import Watched, without_overriding

_COPIED = (providers.Callable, providers.Factory, providers.Singleton)


class CallRecord:
    """Watches the providers of a family's container.

    Singletons that the data don't need are built anew while it watches: what a check builds stays in it.

    Attributes:
        failed: Path of the innermost provider that failed; empty: none did.
        overridden: Paths of providers that the model needs and that were overridden before.
    """

    def __init__(self, family: Any) -> None:
        self.failed = ""
        self._active: list[str] = []
        self._called: set[str] = set()
        self._made: dict[int, tuple[str, Any]] = {}
        data = [family.datamodule, *family.datamodule.traverse(), family.data_spec]
        self._providers = {
            path: provider
            for path, provider in list_providers(family)
            if path != "model"
            and not isinstance(provider, providers.Dependency)
            and not any(provider is one for one in data)
        }
        needed = {id(provider) for provider in family.model.traverse()}
        self.overridden = [
            path for path, one in self._providers.items() if one.overridden and id(one) in needed
        ]
        put_in = {id(override.target) for override in overrides_of(family)}
        self._put_in = [path for path in self.overridden if id(self._providers[path]) in put_in]

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Record the calls within the block."""
        with ExitStack() as stack:
            for path, provider in self._providers.items():
                inner = provider.overridden[-1] if provider.overridden else _copy(provider)
                if inner is not None:
                    watched = Watched(self._call, path, inner.provider)
                    stack.enter_context(provider.override(watched))
            yield

    def maker(self, instance: Any) -> str | None:
        """Return the name of the provider that made an instance; the innermost, where one called another."""
        name, made = self._made.get(id(instance), (None, None))
        return name if made is instance else None

    def find_idle_overrides(
        self, *, asked_for: list[str], handed_on: Collection[str], root: str
    ) -> Iterator[Fault]:
        """Yield a fault for each override that nothing called; inputs of the container aren't counted.

        Submodules that were built are near names, and factories that were handed on may be called any time.
        """
        for path in self._put_in:
            if path not in self._called and path not in handed_on:
                yield Fault(
                    path=f"{root}.{path}",
                    what="it is overridden to no effect: nothing that builds the model calls it"
                    + did_you_mean(path, asked_for),
                    hint="" if did_you_mean(path, asked_for) else "the settings have something else built",
                )

    def _call(self, path: str, inner: Any, *args: Any, **kwargs: Any) -> Any:
        self._called.add(path)
        if path in self._active:
            circle = " → ".join([*self._active[self._active.index(path) :], path])
            raise CompositionError(
                f"these providers need one another: {circle}; hand one of them on uncalled (.provider), or"
                " take the injection away"
            )
        self._active.append(path)
        try:
            made = inner(*args, **kwargs)
        except Exception:
            self.failed = self.failed or path
            raise
        finally:
            self._active.remove(path)
        self._made.setdefault(id(made), (path, made))
        return made


def _copy(provider: Any) -> Any:
    """Return a provider of the same things that overrides don't reach; None where it calls nothing."""
    if not isinstance(provider, _COPIED) or isinstance(provider.provides, providers.Provider):
        return None  # what a named item calls is watched
    return without_overriding(provider)
