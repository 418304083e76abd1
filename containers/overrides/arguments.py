"""Keyword arguments from outside, bound to a class or function and checked against its signature."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic.errors import PydanticUserError

from nested_lightning.app.assembly.calls import hints_of, signature_of, why_not_called
from nested_lightning.app.errors import UserError
from nested_lightning.settings.reading.written_numbers import without_text


def bind_arguments(path: str, called: Any, arguments: Mapping[str, Any]) -> Any:
    """Return a class or function with keyword arguments bound to it, converted to its annotated types.

    Raises:
        UserError: It isn't called, has no argument of a name, or a value is none of its type.
    """
    if not arguments:
        return called
    if not callable(called):
        raise UserError(f"{path}: {called!r} takes no arguments, so {', '.join(arguments)} can't be set")
    if why := why_not_called(signature_of(called), (), arguments, is_whole=False):
        raise UserError(f"{path}: {why}")
    types = hints_of(called)
    converted = {
        name: _convert(f"{path}.{name}", value, types.get(name, Any))
        for name, value in without_text(dict(arguments)).items()
    }
    return partial(called, **converted)


def _convert(path: str, value: Any, annotation: Any) -> Any:
    try:
        return TypeAdapter(annotation).validate_python(value)
    except PydanticUserError:  # a type that pydantic doesn't know
        return value
    except ValidationError as error:
        message = error.errors()[0]["msg"]
        raise UserError(f"{path} = {value!r}: {message[0].lower()}{message[1:]}") from None
