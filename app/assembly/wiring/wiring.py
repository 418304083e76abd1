"""One run of a wiring function: builds each part at its path, seeded by it, once."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import FrameType
from typing import Any

from torch import nn

from nested_lightning.app.assembly.errors import CompositionError
from nested_lightning.app.assembly.names import escape_name
from nested_lightning.app.assembly.protocols.conformance import signature_of
from nested_lightning.app.assembly.seeding import seeded as seeded_by_path
from nested_lightning.app.assembly.wiring.arguments import bind, has_parts
from nested_lightning.app.assembly.wiring.parts import Declaration
from nested_lightning.app.assembly.wiring.written_calls import written_call
from nested_lightning.app.errors import UserError, did_you_mean

MODEL = "model"
"""The parameter that takes the composite itself, whose path is that of the whole wiring."""

_running: ContextVar["Wiring | None"] = ContextVar("running wiring", default=None)
_place: ContextVar[tuple[str, dict[str, Any]]] = ContextVar("path of what is made, and parts made so far")
_seed: ContextVar[int | None] = ContextVar("seed of wirings", default=None)


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Give each part that is wired within the block the initial weights of its path and ``seed``."""
    token = _seed.set(seed)
    try:
        yield
    finally:
        _seed.reset(token)


class Wiring:
    """One run of a wiring function.

    Args:
        path: Where its parts are, e.g. ``captioner``; empty: at the top.
        built: Takes the parts by their paths, also those of wirings within.
    """

    def __init__(self, path: str, built: dict[str, Any]) -> None:
        self.path = path
        self.built = built

    def __call__(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Call the function with its parts bound to their paths.

        Args:
            function: The wiring function.
            *args: What is given for its parameters, by position; for a part: what builds it, or a module.
            **kwargs: The same by name.

        Raises:
            CompositionError: An argument isn't taken, or a part can't be built.
        """
        signature = inspect.signature(function)
        given = bind(function, args, kwargs, path=self.path)
        given.apply_defaults()
        for name, parameter in signature.parameters.items():
            if isinstance(parameter.default, Declaration):
                given.arguments[name] = self._bound(name, given.arguments[name], parameter.default)
            elif name == MODEL:
                given.arguments[name] = BoundPart(self, self.path or MODEL, given.arguments[name])
        token = _running.set(self)
        try:
            made = function(*given.args, **given.kwargs)
        finally:
            _running.reset(token)
        for one in given.arguments.values():
            if isinstance(one, BoundParts):
                one.refuse_unused()
        return made

    @property
    def is_running(self) -> bool:
        """Whether the body of the function is being run, and no constructor within it."""
        return _running.get() is self

    def build(
        self, path: str, maker: Callable[..., Any], args: Any, kwargs: Any, frame: FrameType | None
    ) -> Any:
        """Build the one part at a path; ``frame`` is in the middle of the call.

        Raises:
            CompositionError: It was built before, can't be built, or publishes another width than it got.
        """
        if path in self.built:
            raise CompositionError(
                f"{path} was built before in this wiring ({written_call(frame).place}): use what the first"
                " call returned in both places, or declare it with parts(…), and build one for each name",
                path=path,
            )
        self.built[path] = instance = self._make(path, maker, args, kwargs)
        for name, value in kwargs.items():
            published = getattr(instance, name, value)
            if type(value) is int and type(published) is int and published != value:
                raise CompositionError(
                    f"{path} ({type(instance).__name__}) was given {name}={value}"
                    f" ({written_call(frame).argument(name)}), and publishes {name}={published}:"
                    " a part publishes the width that it was built with",
                    path=path,
                )
        return instance

    def _make(self, path: str, maker: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        seed = _seed.get()
        token = _running.set(None)
        try:
            if seed is None:
                return make(maker, args, kwargs, path=path, built=self.built)
            with seeded_by_path(seed, path):
                return make(maker, args, kwargs, path=path, built=self.built)
        finally:
            _running.reset(token)

    def _bound(self, name: str, value: Any, declaration: Declaration) -> "BoundPart | BoundParts":
        path = f"{self.path}.{name}" if self.path else name
        chosen = declaration.kind() if isinstance(value, Declaration) else value
        if declaration.is_plural:
            items = chosen if isinstance(chosen, Mapping) else {}
            return BoundParts(self, path, items, declaration.kind() if items is chosen else chosen)
        return BoundPart(self, path, chosen)


class BoundPart:
    """A part at its path: called in the body of its wiring, it builds the one there; elsewhere a factory.

    Args:
        wiring: The run that it belongs to.
        path: Its dotted path.
        maker: What builds it, or a ready module; None: there is no such part.
    """

    def __init__(self, wiring: Wiring, path: str, maker: Any) -> None:
        self.path = path
        self.maker = maker
        self._wiring = wiring

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Build the part; a factory draws from the random numbers of what calls it."""
        if self.maker is None:
            return None
        if not self._wiring.is_running:
            return make(self.maker, args, kwargs, path=self.path, built={})
        return self._wiring.build(self.path, self.maker, args, kwargs, _caller())


class BoundParts(Mapping[str, BoundPart]):
    """Parts by name at their paths.

    Args:
        wiring: The run that they belong to.
        path: Path of all of them, e.g. ``captioner.decoders``.
        items: What builds those that have names of their own in the settings.
        default: What builds any other.
    """

    def __init__(self, wiring: Wiring, path: str, items: Mapping[str, Any], default: Any) -> None:
        self.path = path
        self._wiring, self._items, self._default = wiring, items, default
        self._asked: list[str] = []

    def refuse_unused(self) -> None:
        """Refuse names that were given and that the wiring function didn't ask for.

        Raises:
            CompositionError: There is one.
        """
        for name in self._items:
            if name not in self._asked:
                asked = ", ".join(self._asked) or "none"
                raise CompositionError(
                    f"{self.path}.{name}: the wiring builds no part of this name"
                    f"{did_you_mean(name, self._asked)} (it builds: {asked})",
                    path=f"{self.path}.{name}",
                )

    def __getitem__(self, name: str) -> BoundPart:
        """Return what builds the part ``name``."""
        self._asked.append(name)
        maker = self._items.get(name, self._default)
        return BoundPart(self._wiring, f"{self.path}.{escape_name(name)}", maker)

    def __iter__(self) -> Iterator[str]:
        """Return the names that were given."""
        return iter(self._items)

    def __len__(self) -> int:
        """Return how many names were given."""
        return len(self._items)


def make(maker: Any, args: Any, kwargs: Any, *, path: str, built: dict[str, Any]) -> Any:
    """Call what builds a part: a class, a function, or a wiring function, whose parts lie below this path.

    Raises:
        CompositionError: It doesn't take the arguments, or fails of them.
    """
    if isinstance(maker, nn.Module):
        return maker
    function = inspect.unwrap(maker)
    if has_parts(function):
        return Wiring(path, built)(function, *args, **kwargs)
    if signature_of(maker) is not None:
        bind(maker, args, kwargs, path=path)
    token = _place.set((path, built))
    try:
        return maker(*args, **kwargs)
    except UserError:
        raise
    except (TypeError, ValueError) as error:
        raise CompositionError(f"{path} can't be built: {error}", path=path, cause=error) from error
    finally:
        _place.reset(token)


def make_here(maker: Any, *args: Any, **kwargs: Any) -> Any:
    """Make what takes the place of the part that is being made: for what chooses among makers."""
    path, built = _place.get()
    return make(maker, args, kwargs, path=path, built=built)


def _caller() -> FrameType | None:
    """Return the frame that called the part, which is none of this module's."""
    frame = inspect.currentframe()
    while frame is not None and frame.f_globals is globals():
        frame = frame.f_back
    return frame
