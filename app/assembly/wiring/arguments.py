"""What the makers of parts take."""

import inspect
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from nested_lightning.app.assembly.calls import signature_of, why_not_called
from nested_lightning.app.assembly.errors import CompositionError
from nested_lightning.app.assembly.expected import Expected
from nested_lightning.app.assembly.widths import plain
from nested_lightning.app.assembly.wiring.parts import Declaration

F = TypeVar("F", bound=Callable[..., Any])

_known: WeakKeyDictionary[Callable[..., Any], Mapping[str, Expected]] = WeakKeyDictionary()
"""What was found of wiring functions, for as long as these live: most are called for each model."""


def expected_parts(function: Callable[..., Any]) -> Mapping[str, Expected]:
    """Return what is expected of each part of a wiring function, by name; empty for any other function."""
    if function not in _known:
        parameters = inspect.signature(function).parameters
        names = [name for name, one in parameters.items() if isinstance(one.default, Declaration)]
        hints = _hints_of(function) if names else {}
        _known[function] = {name: Expected.by_part(hints.get(name)) for name in names}
    return _known[function]


def _hints_of(function: Callable[..., Any]) -> dict[str, Any]:
    try:
        return inspect.get_annotations(function, eval_str=True)
    except (NameError, TypeError):  # a name imported only for type checkers
        return {}


def has_parts(function: Any) -> bool:
    """Return whether this is a wiring function: one with a part among its parameters."""
    return inspect.isfunction(function) and bool(expected_parts(function))


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
    takes_all = any(one.kind is inspect.Parameter.VAR_KEYWORD for one in parameters.values())
    return {name: plain(value) for name, value in offered.items() if takes_all or name in parameters}


def choosing(function: F) -> F:
    """Mark a function that has `make_here` make what was chosen, and takes whatever that takes."""
    function.is_chooser = True  # type: ignore[attr-defined]
    return function


def is_chooser(maker: Any) -> bool:
    """Return whether a maker makes something else from its arguments."""
    return getattr(getattr(maker, "func", maker), "is_chooser", False) is True
