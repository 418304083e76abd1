"""Which classes and functions are called while a model is built, and with what."""

import inspect
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from dependency_injector import providers

from nested_lightning.app.assembly.wiring.arguments import is_chooser
from nested_lightning.app.assembly.wiring.making import observing, place_being_made
from nested_lightning.app.assembly.wiring.wiring import BoundPart
from nested_lightning.containers.checking.provider_graph import in_force, list_providers
from nested_lightning.containers.providing.declared import Watched


@dataclass(frozen=True, eq=False)
class Construction:
    """One call.

    Attributes:
        called: The class or function.
        args: Positional arguments.
        kwargs: Keywords.
        path: Path of the part that was made by it; empty: it is no part.
        made: What came of it.
    """

    called: Any
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    path: str = ""
    made: Any = None


class Constructions:
    """Remembers the innermost call that made each object, in the order in which they were made."""

    def __init__(self) -> None:
        self._all: dict[int, Construction] = {}

    def __iter__(self) -> Iterator[Construction]:
        """Return them in order."""
        return iter(self._all.values())

    def find(self, made: Any) -> Construction | None:
        """Return the call that made an object; None: it wasn't seen."""
        return self._all.get(id(made))

    def at(self, path: str) -> Construction | None:
        """Return the last call for the part at a path."""
        return next((one for one in reversed(self._all.values()) if one.path == path), None)

    @contextmanager
    def watching(self, family: Any) -> Iterator[None]:
        """Remember calls within the block, of the wiring and of the providers of a family's container."""
        with ExitStack() as stack:
            for _, provider in [*list_providers(family)]:
                called: Any = in_force(provider)
                is_called = isinstance(called, providers.Factory | providers.Callable)
                if is_called and inspect.isclass(called.provides):
                    see = partial(self._call_class, called.provides)
                    stack.enter_context(provider.override(Watched(see, *called.args, **called.kwargs)))
            stack.enter_context(observing(self._call))
            yield

    def _call_class(self, called: Any, *args: Any, **kwargs: Any) -> Any:
        return self._call(called, args, kwargs, place_being_made())

    def _call(self, maker: Any, args: Any, kwargs: Mapping[str, Any], path: str) -> Any:
        made = maker(*args, **kwargs)
        if (one := as_written(maker, args, kwargs)) is not None:
            self._all.setdefault(id(made), replace(one, path=path, made=made))
        return made


def as_written(maker: Any, args: Any, kwargs: Mapping[str, Any]) -> Construction | None:
    """Return the call of a class or function, with what is bound to it; None: it only chooses one."""
    while isinstance(maker, partial):
        maker, args, kwargs = maker.func, (*maker.args, *args), {**maker.keywords, **kwargs}
    is_named = inspect.isclass(maker) or inspect.isroutine(maker)
    return Construction(maker, tuple(args), kwargs) if is_named and not is_chooser(maker) else None


class _Found(BaseException):
    def __init__(self, construction: Construction) -> None:
        self.construction = construction


def called_by(factory: Any) -> Construction | None:
    """Return what a factory would call, with the arguments that settings give; None: it gives None."""

    def stop(maker: Any, args: Any, kwargs: Mapping[str, Any], _: str) -> Any:
        if (found := as_written(maker, args, kwargs)) is not None:
            raise _Found(found)
        return maker(*args, **kwargs)

    try:
        with observing(stop):
            made = factory.call((), {}, offered={}) if isinstance(factory, BoundPart) else factory()
    except _Found as found:
        return found.construction
    return None if made is None else Construction(None, (), {}, made=made)
