"""What the makers of parts take."""

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any

from nested_lightning.app.assembly.errors import CompositionError
from nested_lightning.app.assembly.wiring.parts import Declaration
from nested_lightning.app.errors import did_you_mean


def has_parts(function: Any) -> bool:
    """Return whether this is a wiring function: one with a part among its parameters."""
    if not inspect.isfunction(function):
        return False
    parameters = inspect.signature(function).parameters.values()
    return any(isinstance(parameter.default, Declaration) for parameter in parameters)


def bind(maker: Callable[..., Any], args: Any, kwargs: Any, *, path: str) -> inspect.BoundArguments:
    """Return the arguments as the parameters of ``maker`` take them.

    Raises:
        CompositionError: It doesn't take them; names the nearest keyword.
    """
    signature = inspect.signature(maker)
    try:
        return signature.bind(*args, **kwargs)
    except TypeError as error:
        unknown = next((name for name in kwargs if name not in signature.parameters), "")
        near = did_you_mean(unknown, signature.parameters) if unknown else ""
        named = maker.func if isinstance(maker, partial) else maker
        name = getattr(named, "__name__", type(named).__name__)
        message = f"{path} can't be built: {name}{signature}: {error}{near}"
        raise CompositionError(message, path=path, cause=error) from error
