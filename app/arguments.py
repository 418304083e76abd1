"""Arguments of calls from a user's program: checked against their types, else a `UserError`."""

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any, ParamSpec, TypeVar

from pydantic import ConfigDict, Field, ValidationError, validate_call

from nested_lightning.app.errors import UserError

P = ParamSpec("P")
T = TypeVar("T")

Seed = Annotated[int, Field(ge=-(2**63), lt=2**64)]
"""Of torch's random numbers."""

_MAX_SHOWN = 60


def checked_arguments(function: Callable[P, T]) -> Callable[P, T]:
    """Let a function or method refuse arguments of other types than it declares.

    Raises:
        UserError: An argument has another type, or is out of its bounds.
    """
    names = [*inspect.signature(function).parameters]
    inner = validate_call(config=ConfigDict(arbitrary_types_allowed=True, strict=True))(function)

    @wraps(function)
    def checked(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return inner(*args, **kwargs)
        except ValidationError as error:
            if error.title not in (
                function.__name__,
                function.__qualname__,
            ):  # the function validates it itself
                raise
            raise UserError(f"{function.__qualname__}: {_describe(error, names)}") from None

    return checked


def _describe(error: ValidationError, names: list[str]) -> str:
    wrong: dict[str, str] = {}
    for one in error.errors(include_url=False, include_context=False):
        first = one["loc"][0] if one["loc"] else ""
        name = names[first] if isinstance(first, int) and first < len(names) else str(first)
        wrong.setdefault(name, f"{name} = {_shown(one['input'])}: {one['msg']}")
    return "; ".join(wrong.values())


def _shown(value: Any) -> str:
    try:
        text = " ".join(repr(value).split())
    except Exception:  # a user's repr may raise anything
        text = type(value).__name__
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}…"
