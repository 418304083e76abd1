"""What the makers of parts take: a wiring function its parts, anything else its arguments."""

import inspect
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple, TypeVar
from weakref import WeakKeyDictionary

from nested_lightning.app.assembly.calls import hints_of, signature_of, takes_any_keyword, why_not_called
from nested_lightning.app.assembly.errors import CompositionError
from nested_lightning.app.assembly.expected import Expected
from nested_lightning.app.assembly.widths import plain
from nested_lightning.app.assembly.wiring.parts import Declaration

F = TypeVar("F", bound=Callable[..., Any])


class Declared(NamedTuple):
    """A part as a wiring function declares it, and what has to come of it."""

    declaration: Declaration
    expected: Expected


_known: WeakKeyDictionary[Callable[..., Any], Mapping[str, Declared]] = WeakKeyDictionary()
"""What was found of wiring functions, for as long as these live: most are called for each model."""


def declared_parts(maker: Any) -> Mapping[str, Declared]:
    """Return the parts among the parameters of a wiring function by name; anything else has none."""
    if not inspect.isfunction(maker):
        return {}
    if maker not in _known:
        parameters = inspect.signature(maker).parameters
        parts = {
            name: one.default for name, one in parameters.items() if isinstance(one.default, Declaration)
        }
        hints = hints_of(maker) if parts else {}
        _known[maker] = {
            name: Declared(one, Expected.by_part(hints.get(name))) for name, one in parts.items()
        }
    return _known[maker]


def bind(
    maker: Callable[..., Any], args: Any, kwargs: Any, *, path: str, hint: str = ""
) -> inspect.BoundArguments:
    """Return the arguments as the parameters of ``maker`` take them.

    Raises:
        CompositionError: It doesn't take them; names the nearest keyword.
    """
    signature = inspect.signature(maker)
    try:
        return signature.bind(*args, **kwargs)
    except TypeError:
        named = maker.func if isinstance(maker, partial) else maker
        name = getattr(named, "__name__", type(named).__name__)
        message = f"{path} can't be built: {name}: {why_not_called(signature, args, kwargs)}{hint}"
        raise CompositionError(message, path=path) from None  # not caused by a guessed width


def fitting(maker: Callable[..., Any], offered: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of some keywords that ``maker`` takes; none where it doesn't say what it takes."""
    if not offered:
        return {}
    taken = signature_of(inspect.unwrap(maker))
    parameters = taken.parameters if taken else {}
    is_open = takes_any_keyword(taken)
    return {name: plain(value) for name, value in offered.items() if is_open or name in parameters}


def choosing(function: F) -> F:
    """Mark a function that has `make_here` make what was chosen, and takes whatever that takes."""
    function.is_chooser = True  # type: ignore[attr-defined]
    return function


def is_chooser(maker: Any) -> bool:
    """Return whether a maker makes something else from its arguments."""
    return getattr(getattr(maker, "func", maker), "is_chooser", False) is True
