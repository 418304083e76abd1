"""Keyword arguments from outside, bound to a class or a function and checked against what it says of them."""

import inspect
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, get_type_hints

from pydantic import TypeAdapter, ValidationError
from pydantic.errors import PydanticUserError

from nested_lightning.app.assembly.protocols.conformance import lacks_of_options
from nested_lightning.app.errors import UserError
from nested_lightning.settings.reading.written_numbers import without_text


def bind_arguments(path: str, called: Any, arguments: Mapping[str, Any]) -> Any:
    """Return a class or function with keyword arguments bound to it, converted to the types that it states.

    Args:
        path: Path of the provider whose place it takes, for messages.
        called: The class or function.
        arguments: Plain values by name.

    Raises:
        UserError: It isn't called, has no argument of a name, or a value is none of its type.
    """
    if not arguments:
        return called
    if not callable(called):
        raise UserError(f"{path}: {called!r} takes no arguments, so {', '.join(arguments)} can't be set")
    if lacks := lacks_of_options(called, arguments):
        raise UserError("\n".join(f"{path}: {lack}" for lack in lacks))
    types = _types(called)
    converted = {
        name: _convert(f"{path}.{name}", value, types.get(name))
        for name, value in without_text(dict(arguments)).items()
    }
    return partial(called, **converted)


def _types(called: Callable[..., Any]) -> dict[str, Any]:
    function = called.__init__ if inspect.isclass(called) else called
    try:
        return get_type_hints(function)
    except (NameError, TypeError):  # types that are there for a type checker alone
        return {}


def _convert(path: str, value: Any, annotation: Any) -> Any:
    if annotation is None:
        return value
    try:
        adapter: TypeAdapter[Any] = TypeAdapter(annotation)
    except PydanticUserError:  # a type that pydantic knows nothing of
        return value
    try:
        return adapter.validate_python(value)
    except ValidationError as error:
        message = error.errors()[0]["msg"]
        raise UserError(f"{path} = {value!r}: {message[0].lower()}{message[1:]}") from None
