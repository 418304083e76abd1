"""What the makers of parts take."""

import inspect
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

from nested_lightning.app.assembly.calls import why_not_called
from nested_lightning.app.assembly.errors import CompositionError
from nested_lightning.app.assembly.expected import Expected
from nested_lightning.app.assembly.wiring.parts import Declaration

_known: WeakKeyDictionary[Callable[..., Any], Mapping[str, Expected]] = WeakKeyDictionary()
"""What was found of wiring functions, for as long as these live: most are called for each model."""


def expected_parts(function: Callable[..., Any]) -> Mapping[str, Expected]:
    """Return what has to come of each part of a wiring function, by its name; of any other, nothing."""
    if function not in _known:
        parameters = inspect.signature(function).parameters
        names = [name for name, one in parameters.items() if isinstance(one.default, Declaration)]
        hints = _hints_of(function) if names else {}
        _known[function] = {name: Expected.by_part(hints.get(name)) for name in names}
    return _known[function]


def _hints_of(function: Callable[..., Any]) -> dict[str, Any]:
    try:
        return inspect.get_annotations(function, eval_str=True)
    except (NameError, TypeError):  # a name that is imported for type checkers alone
        return {}


def has_parts(function: Any) -> bool:
    """Return whether this is a wiring function: one with a part among its parameters."""
    return inspect.isfunction(function) and bool(expected_parts(function))


def bind(maker: Callable[..., Any], args: Any, kwargs: Any, *, path: str) -> inspect.BoundArguments:
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
        message = f"{path} can't be built: {name}{signature}: {why_not_called(signature, args, kwargs)}"
        raise CompositionError(message, path=path) from None  # no consequence of a guessed width
