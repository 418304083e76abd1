"""What something lacks of a Protocol, reported before it is used."""

import inspect
from collections.abc import Callable, Iterable, Iterator
from inspect import Parameter, Signature
from typing import Any
from unittest.mock import NonCallableMock

from torch import nn
from typing_extensions import get_protocol_members

from nested_lightning.app.assembly.protocols.declaring import required_class
from nested_lightning.app.errors import did_you_mean

_BY_POSITION = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
_BY_NAME = (Parameter.KEYWORD_ONLY, Parameter.POSITIONAL_OR_KEYWORD)


def lacks_of_class(
    cls: type, protocol: type, *, called_as: Callable[..., Any], num_leading: int = 0
) -> list[str]:
    """Return what the instances of a class would lack, as far as the class tells.

    Args:
        cls: What is made.
        protocol: What is expected.
        called_as: The class, or the class with some arguments bound.
        num_leading: Positional arguments that come before those of the Protocol, e.g. the name of an item.
    """
    if reason := _of_another_kind(cls, protocol):
        return [reason]
    lacks = [
        f"its constructor {lack}"
        for lack in lacking_arguments(_construction(protocol, num_leading), _constructor(cls, called_as))
    ]
    return [*lacks, *_lacking_methods(cls, protocol)]


def lacks_of_function(function: Callable[..., Any], protocol: type, *, num_leading: int = 0) -> list[str]:
    """Return which arguments a function doesn't take of those that the provider gets, or needs besides."""
    taken = signature_of(function)
    return [f"it {lack}" for lack in lacking_arguments(_construction(protocol, num_leading), taken)]


def lacks_of_instance(instance: Any, protocol: type) -> list[str]:
    """Return what a ready object lacks."""
    if reason := _of_another_kind(type(instance), protocol):
        return [reason]
    lacks = [f"it has no {name}" for name in _attributes(protocol) if not hasattr(instance, name)]
    return [*lacks, *_lacking_methods(type(instance), protocol)]


def lacking_arguments(given: Signature | None, taken: Signature | None) -> list[str]:
    """Return why a call with the arguments of one signature doesn't go into another, in words.

    Args:
        given: All of its parameters are passed, those that aren't keyword-only by position; with ``**kwargs``
            anything may be.
        taken: What is called; None: not known, nothing is said.
    """
    if given is None or taken is None:
        return []
    by_position = [p for p in taken.parameters.values() if p.kind in _BY_POSITION]
    values = [p.name for p in given.parameters.values() if p.kind in _BY_POSITION]
    names = [p.name for p in given.parameters.values() if p.kind is Parameter.KEYWORD_ONLY]
    filled = {p.name for p in by_position[: len(values)]}
    rest = {p.name: p for p in taken.parameters.values() if p.kind in _BY_NAME and p.name not in filled}
    refused = [] if _has(taken, Parameter.VAR_POSITIONAL) else values[len(by_position) :]
    refused += [] if _has(taken, Parameter.VAR_KEYWORD) else [name for name in names if name not in rest]
    missing = [
        p.name
        for p in taken.parameters.values()
        if p.kind in (*_BY_POSITION, Parameter.KEYWORD_ONLY)
        and p.default is Parameter.empty
        and p.name not in filled
        and p.name not in names
        and not _has(given, Parameter.VAR_KEYWORD)
    ]
    told = [f"doesn't take {', '.join(refused)}"] if refused else []
    return [*told, f"needs {', '.join(missing)} besides"] if missing else told


def describe_protocol(protocol: type) -> str:
    """Return what is expected, e.g. ``a Head: an nn.Module, called with in_features, …; has forward(x)``."""
    taken = _construction(protocol, 0).parameters.values()
    built = ", ".join(p.name for p in taken if p.kind in (*_BY_POSITION, *_BY_NAME))
    members = [*_attributes(protocol)]
    members += [f"{name}({', '.join(_bound(method).parameters)})" for name, method in _methods(protocol)]
    parts = [f"of {_name(required_class(protocol))}"] if required_class(protocol) is not object else []
    parts += [f"called with {built}"] if built else []
    parts += [f"that has {', '.join(members)}"] if members else []
    return f"{protocol.__name__} ({'; '.join(parts)})"


def lacks_of_options(function: Callable[..., Any], options: Iterable[str]) -> list[str]:
    """Return which options a class or a function doesn't take, each with the nearest name that it takes."""
    taken = signature_of(function)
    if taken is None or _has(taken, Parameter.VAR_KEYWORD):
        return []
    names = [p.name for p in taken.parameters.values() if p.kind in _BY_NAME]
    return [
        f"it takes no {option}{did_you_mean(option, names)} (it takes: {', '.join(names) or 'nothing'})"
        for option in options
        if option not in names
    ]


def _of_another_kind(cls: type, protocol: type) -> str | None:
    if issubclass(cls, NonCallableMock):
        return "it is a mock, which pretends to have everything"
    base = required_class(protocol)
    if issubclass(cls, base):
        return None
    return f"it is no {_name(base)}"


def _name(base: type) -> str:
    return "nn.Module" if base is nn.Module else base.__name__


def _lacking_methods(cls: type, protocol: type) -> Iterator[str]:
    for name, expected in _methods(protocol):
        method = inspect.getattr_static(cls, name, None)
        if method is None or method is inspect.getattr_static(nn.Module, "forward"):
            yield f"it has no {name}" if name != "__call__" else "it can't be called"
        elif inspect.isfunction(method):
            for lack in lacking_arguments(_bound(expected), _bound(method)):
                yield f"its {name} {lack}"


def _methods(protocol: type) -> Iterator[tuple[str, Callable[..., Any]]]:
    for name in sorted(get_protocol_members(protocol)):
        member = inspect.getattr_static(protocol, name, None)
        if inspect.isfunction(member):
            yield name, member


def _attributes(protocol: type) -> list[str]:
    methods = {name for name, _ in _methods(protocol)}
    return sorted(name for name in get_protocol_members(protocol) - methods if not name.startswith("__"))


def _construction(protocol: type, num_leading: int) -> Signature:
    """Return the arguments that the provider of a Protocol is called with."""
    own = inspect.getattr_static(protocol, "__init__", None)
    has_own = inspect.isfunction(own) and own.__module__ == protocol.__module__
    parameters = list(_bound(own).parameters.values()) if has_own else []
    leading = [Parameter("name" + str(i or ""), Parameter.POSITIONAL_ONLY) for i in range(num_leading)]
    return Signature([*leading, *parameters])


def _constructor(cls: type, called_as: Callable[..., Any]) -> Signature | None:
    if cls.__init__ is nn.Module.__init__:  # type: ignore[misc]
        return Signature()  # it says that it takes everything, and refuses it
    return signature_of(called_as)


def signature_of(function: Callable[..., Any]) -> Signature | None:
    """Return what a class or a function takes; None: it doesn't say."""
    try:
        return inspect.signature(function)
    except (TypeError, ValueError):  # some of those that are written in C have none
        return None


def _bound(function: Any) -> Signature:
    signature = inspect.signature(function)
    return signature.replace(parameters=list(signature.parameters.values())[1:])


def _has(signature: Signature, kind: Any) -> bool:
    return any(parameter.kind is kind for parameter in signature.parameters.values())
