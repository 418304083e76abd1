"""Makes every part: at its place, and checked against what is expected there."""

import inspect
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from torch import nn

from nested_lightning.app.assembly.assembler import Assembler
from nested_lightning.app.assembly.calls import signature_of
from nested_lightning.app.assembly.errors import OverrideRefusedError
from nested_lightning.app.assembly.expected import ANYTHING, Expected, described
from nested_lightning.app.assembly.wiring.arguments import bind, declared_parts, fitting, is_chooser

T = TypeVar("T")

_place: ContextVar["Place | None"] = ContextVar("place of the part that is being made", default=None)

Observer = Callable[[Any, Any, Mapping[str, Any], str], Any]
"""Calls a maker with positional arguments and keywords for what is made at a path, and returns that."""

_observer: ContextVar[Observer | None] = ContextVar("who sees what is made", default=None)

_CALLED_ELSEWHERE = (
    "; what it was handed to calls it so: set the rest, or let its kind be a function that adds it"
)


class having(Generic[T]):  # noqa: N801 - a context manager, called as a function is
    """Give a variable of this thread and task a value within the block; every part goes through two."""

    __slots__ = ("_token", "_value", "_variable")

    def __init__(self, variable: ContextVar[T], value: T) -> None:
        self._variable, self._value = variable, value

    def __enter__(self) -> None:
        """Set the value."""
        self._token = self._variable.set(self._value)

    def __exit__(self, *error: object) -> None:
        """Put the former one back."""
        self._variable.reset(self._token)


def observing(observer: Observer) -> AbstractContextManager[None]:
    """Let an observer make the calls that make parts within the block."""
    return having(_observer, observer)


def place_being_made() -> str:
    """Return the path of the part that is being made; empty if there is none."""
    place = _place.get()
    return "" if place is None else place.path


def observed(maker: Any, args: Any, kwargs: Mapping[str, Any], path: str) -> Any:
    """Return what a maker makes, called by the observer if there is one."""
    observer = _observer.get()
    return maker(*args, **kwargs) if observer is None else observer(maker, args, kwargs, path)


@dataclass(slots=True)
class Place:
    """Where a part is made.

    Attributes:
        path: Where it is.
        name: The same below the composite.
        assembler: Builds the parts of a wiring function; None: they belong to a factory's caller.
        expected: What has to come of it.
        offered: What it may take or leave.
    """

    path: str
    name: str = ""
    assembler: Assembler | None = None
    expected: Expected = ANYTHING
    offered: Mapping[str, Any] = field(default_factory=dict)


def make(maker: Any, args: Any, kwargs: Any, place: Place) -> Any:
    """Return what is built at a place, by a class, a function, or a wiring function with parts of its own.

    This is the one door that every part comes through, of any family, with a container and without. A ready
    module is returned as it is.

    Raises:
        CompositionError: It doesn't take the arguments; names the nearest one.
        OverrideRefusedError: What came of it lacks what is expected at this place.
    """
    with having(_place, place):
        made = _made(maker, args, kwargs, place)
    if lacks := place.expected.lacks(made):
        raise OverrideRefusedError(place.path, described(made), str(place.expected), lacks)
    return made


def make_here(maker: Any, *args: Any, **kwargs: Any) -> Any:
    """Make the part that is being made by another maker, for makers that choose among others."""
    place = _place.get()
    return observed(maker, args, kwargs, "") if place is None else _made(maker, args, kwargs, place)


def expect_anything_here() -> None:
    """Accept anything as the part that is being made."""
    if (place := _place.get()) is not None:
        place.expected = ANYTHING


def _made(maker: Any, args: Any, kwargs: Any, place: Place) -> Any:
    if isinstance(maker, nn.Module):
        return maker
    if place.offered and not is_chooser(maker):
        kwargs = {**fitting(maker, place.offered), **kwargs}
    if inspect.isfunction(maker) and declared_parts(function := inspect.unwrap(maker)):
        from nested_lightning.app.assembly.wiring.wiring import Wiring  # it imports this module

        below = place.assembler or Assembler(path=place.path)
        return Wiring(below, within=place.name)(function, *args, **kwargs)
    try:
        return observed(maker, args, kwargs, place.path)
    except TypeError:
        if signature_of(maker) is not None:
            hint = _CALLED_ELSEWHERE if place.assembler is None else ""
            bind(maker, args, kwargs, path=place.path, hint=hint)  # says better which arguments are wrong
        raise
