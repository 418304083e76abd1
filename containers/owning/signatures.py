"""Which arguments of a class or a function are settings: plain ones that have a default."""

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from nested_lightning.app.assembly.protocols.conformance import signature_of

_PLAIN = (bool, int, float, str, Path, NoneType)
_CONTAINERS = (list, tuple, dict, Sequence, Mapping)
_NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


@dataclass(frozen=True)
class PlainArgument:
    """An argument that settings can give.

    Attributes:
        name: Its name.
        annotation: Its type, with whatever `typing.Annotated` says of it.
        default: Its default.
        description: What its docstring says of it.
    """

    name: str
    annotation: Any
    default: Any
    description: str


def plain_arguments(maker: Callable[..., Any]) -> Iterator[PlainArgument]:
    """Yield the arguments of a class or a function that have a plain type and a plain default."""
    hints = _hints(maker)
    descriptions = _described_arguments(maker)
    signature = signature_of(maker)
    for name, parameter in signature.parameters.items() if signature else ():
        default = parameter.default
        annotation = hints.get(name, type(default))
        is_known = annotation is not NoneType  # None alone doesn't say what else may stand there
        if is_known and parameter.kind in _NAMED and _is_plain_value(default) and is_plain(annotation):
            yield PlainArgument(name, annotation, default, descriptions.get(name, f"Argument {name}."))


def is_plain(annotation: Any) -> bool:
    """Return whether values of a type can be written in settings."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return is_plain(arguments[0])
    if origin is Literal:
        return True
    if origin in (Union, UnionType):
        return all(map(is_plain, arguments))
    if origin is not None:
        return origin in _CONTAINERS and all(one is Ellipsis or is_plain(one) for one in arguments)
    return annotation in _PLAIN or (isinstance(annotation, type) and issubclass(annotation, Enum))


def _is_plain_value(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return all(map(_is_plain_value, value))
    if isinstance(value, dict):
        return all(isinstance(key, str) and _is_plain_value(one) for key, one in value.items())
    return isinstance(value, (*_PLAIN, Enum)) or value is None


def _hints(maker: Callable[..., Any]) -> dict[str, Any]:
    function = maker.__init__ if isinstance(maker, type) else inspect.unwrap(maker)  # type: ignore[misc]
    try:
        return get_type_hints(function, include_extras=True)
    except (NameError, TypeError):  # a name that is imported for type checkers alone
        return {}


def _described_arguments(maker: Callable[..., Any]) -> dict[str, str]:
    """Return what docstrings say of arguments; those of a class may stand at its constructor."""
    from docstring_parser import parse

    texts = [maker.__doc__, getattr(maker, "__init__", maker).__doc__ if isinstance(maker, type) else None]
    found: dict[str, str] = {}
    for text in filter(None, texts):
        found |= {one.arg_name: " ".join((one.description or "").split()) for one in parse(text).params}
    return {name: text for name, text in found.items() if text}
