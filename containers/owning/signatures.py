"""Which arguments of a class or a function are settings: plain ones that nothing else gives."""

import inspect
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields, is_dataclass
from enum import Enum
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import JsonValue

from nested_lightning.app.assembly.calls import hints_of, signature_of

_PLAIN = (bool, int, float, str, Path, NoneType)
_CONTAINERS = (list, tuple, dict, Sequence, Mapping)
_BARE = {list: list[JsonValue], tuple: tuple[JsonValue, ...], dict: dict[str, JsonValue]}
"""What a container may hold that doesn't say of what it is."""
_UNTYPED = ", which has no type: a number, text or list; a wiring function gives it a module"
_NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


@dataclass(frozen=True)
class PlainArgument:
    """An argument that settings can give.

    Attributes:
        name: Its name.
        annotation: Its type, with whatever `typing.Annotated` says of it.
        default: Its default; an ellipsis: it has none, and a value is needed.
        description: What its docstring says of it.
    """

    name: str
    annotation: Any
    default: Any
    description: str


def plain_arguments(
    maker: Callable[..., Any], *, wired: Collection[str] = (), may_be_required: bool = False
) -> Iterator[PlainArgument]:
    """Yield the arguments of a class or a function that settings give: those of a plain type.

    Args:
        maker: The class or function.
        wired: Arguments that a wiring gives.
        may_be_required: Whether one without a default is a setting too, since nothing else gives it;
            it then needs no type.
    """
    hints, descriptions, made = hints_of(maker), _described_arguments(maker), _made_defaults(maker)
    for name, parameter in _named_parameters(maker).items():
        default = made.get(name, parameter.default)
        is_required = default is parameter.empty
        annotation = hints.get(name, JsonValue if is_required else type(default))
        written = plain_type(annotation)
        is_known = written not in (None, NoneType)  # None alone doesn't say which other values are allowed
        is_wanted = may_be_required if is_required else _is_plain_value(default)
        if name not in wired and is_known and is_wanted:
            described = descriptions.get(name, f"Argument {name}{_UNTYPED if written is JsonValue else ''}.")
            yield PlainArgument(name, written, ... if is_required else default, described)


def _made_defaults(maker: Callable[..., Any]) -> dict[str, Any]:
    """Return the defaults that a dataclass makes for each of its instances."""
    factories = {one.name: one.default_factory for one in fields(maker)} if is_dataclass(maker) else {}
    return {name: make() for name, make in factories.items() if make is not MISSING}


def argument_names(maker: Callable[..., Any]) -> list[str]:
    """Return the names of all arguments that have one, in order."""
    return list(_named_parameters(maker))


def defaulted_arguments(maker: Callable[..., Any]) -> list[str]:
    """Return the names of those that have a default."""
    parameters = _named_parameters(maker)
    return [name for name, one in parameters.items() if one.default is not one.empty]


def summary_of(maker: Callable[..., Any], name: str) -> str:
    """Return the first line of its own docstring, which is no base class's; else its name."""
    return (inspect.cleandoc(maker.__doc__ or "") or name).splitlines()[0]


def _named_parameters(maker: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    signature = signature_of(maker)
    parameters = signature.parameters if signature else {}
    return {name: one for name, one in parameters.items() if one.kind in _NAMED and name[0] != "_"}


def plain_type(annotation: Any) -> Any:
    """Return the type of the values that can be written in settings; None: there are none.

    Of ``float | Tensor`` that is ``float``.
    """
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        inner = plain_type(arguments[0])
        return None if inner is None else Annotated[inner, *arguments[1:]]
    if origin in (Union, UnionType):
        kept = [one for one in map(plain_type, arguments) if one is not None]
        return Union[tuple(kept)] if kept and kept != [NoneType] else None  # noqa: UP007
    if origin in _CONTAINERS:
        inner = tuple(map(_item_type, arguments))
        return None if None in inner else origin[inner]
    if annotation in (*_BARE,):
        return _BARE[annotation]
    if annotation is JsonValue:
        return annotation
    is_known = annotation in _PLAIN or (isinstance(annotation, type) and issubclass(annotation, Enum))
    return annotation if origin is Literal or is_known else None


def _item_type(annotation: Any) -> Any:
    if annotation is Ellipsis:
        return annotation
    return JsonValue if annotation is Any else plain_type(annotation)


def _is_plain_value(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return all(map(_is_plain_value, value))
    if isinstance(value, dict):
        return all(isinstance(key, str) and _is_plain_value(one) for key, one in value.items())
    return isinstance(value, (*_PLAIN, Enum)) or value is None


def _described_arguments(maker: Callable[..., Any]) -> dict[str, str]:
    """Return what docstrings say of arguments; those of a class may stand at its constructor."""
    from docstring_parser import parse

    texts = [maker.__doc__, getattr(maker, "__init__", maker).__doc__ if isinstance(maker, type) else None]
    found: dict[str, str] = {}
    for text in filter(None, texts):
        found |= {one.arg_name: " ".join((one.description or "").split()) for one in parse(text).params}
    return {name: text for name, text in found.items() if text}
