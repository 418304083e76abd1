"""What is expected at a place, and what a replacement lacks."""

import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache, partial
from inspect import Parameter, Signature
from types import NoneType, UnionType
from typing import Any, Self, Union, get_args, get_origin
from unittest.mock import NonCallableMock

from torch import nn
from typing_extensions import get_protocol_members, is_protocol

from nested_lightning.app.assembly.calls import signature_of, why_not_called
from nested_lightning.app.assembly.protocols.declaring import required_class


@dataclass(frozen=True)
class Expected:
    """What has to come of a place.

    Attributes:
        kind: A class or a Protocol; what is neither asks for nothing.
        is_optional: Whether there may be None.
        given: What it is built of; None: that isn't known beforehand.
    """

    kind: Any = object
    is_optional: bool = False
    given: Signature | None = None

    @classmethod
    def by_part(cls, annotation: Any) -> Self:
        """Return what ``Part[T]`` or ``Parts[T]`` asks for; its arguments are given by the wiring."""
        (kind,) = get_args(annotation) or (object,)
        if get_origin(kind) not in (Union, UnionType):
            return cls(kind)
        kinds = [one for one in get_args(kind) if one is not NoneType]
        return cls(kinds[0] if len(kinds) == 1 else object, is_optional=NoneType in get_args(kind))

    @classmethod
    def by_provider(cls, protocol: type) -> Self:
        """Return what a provider's Protocol, whose ``__init__`` has the arguments, or class asks for."""
        own: Any = inspect.getattr_static(protocol, "__init__", None) if is_protocol(protocol) else None
        is_own = inspect.isfunction(own) and own.__module__ == protocol.__module__
        return cls(protocol, is_optional=True, given=_bound(own) if is_own else Signature())

    def with_name(self) -> Self:
        """Return what is expected where the item's name is the first argument."""
        first = Parameter("name", Parameter.POSITIONAL_ONLY)
        given = self.given and Signature([first, *self.given.parameters.values()])
        return replace(self, given=given)

    @cached_property
    def base(self) -> type:
        """The class to be derived from."""
        if self.is_anything:
            return object
        return required_class(self.kind) if is_protocol(self.kind) else self.kind

    @cached_property
    def is_module(self) -> bool:
        """Whether it has to be a module."""
        return issubclass(self.base, nn.Module)

    @cached_property
    def is_anything(self) -> bool:
        """Whether anything is accepted."""
        return not isinstance(self.kind, type) or self.kind in (object, Any)

    @property
    def may_be_module(self) -> bool:
        """Whether it is a module, or may be one."""
        return self.is_anything or self.is_module

    def lacks(self, one: Any) -> list[str]:
        """Return what a ready object lacks, in words."""
        if self.is_anything or (one is None and self.is_optional):
            return []
        missing = [f"it has no {name}" for name in _attributes_of(self.kind) if not hasattr(one, name)]
        return self._of_another_kind(type(one)) or [*missing, *self._lacking_methods(one)]

    def lacks_of_maker(self, maker: Any) -> list[str]:
        """Return what would lack in what a class, a function or an object gives, as known without a call."""
        made, named = (maker.func, maker.keywords) if isinstance(maker, partial) else (maker, {})
        if unknown := why_not_called(signature_of(made) if named else None, (), named, is_whole=False):
            return [f"it {unknown}"]
        if isinstance(made, type):
            of_class = [*self._lacking_call("its constructor", signature_of(maker), self.given)]
            of_class += self._lacking_methods(made)
            return [] if self.is_anything else self._of_another_kind(made) or of_class
        if is_function(maker):
            return [*self._lacking_call("it", signature_of(maker), self.given)]
        return self.lacks(maker)

    def __str__(self) -> str:
        """Return e.g. ``Head (of nn.Module; called with in_features; that has forward(x))``."""
        if not is_protocol(self.kind):
            return _name(self.base)
        members = [
            *_attributes_of(self.kind),
            *(f"{name}({', '.join(one.parameters)})" for name, one in _methods_of(self.kind)),
        ]
        said = [f"of {_name(self.base)}"] if self.base is not object else []
        built = ", ".join(self.given.parameters) if self.given else ""
        said += [f"called with {built}"] if built else []
        said += [f"that has {', '.join(members)}"] if members else []
        return f"{self.kind.__name__} ({'; '.join(said)})"

    def _of_another_kind(self, cls: type) -> list[str]:
        if issubclass(cls, NonCallableMock):
            return ["it is a mock, which pretends to have everything"]
        return [] if issubclass(cls, self.base) else [f"it is no {_name(self.base)}"]

    def _lacking_methods(self, one: Any) -> Iterator[str]:
        of_class = isinstance(one, type)
        if not of_class and not _lacks_of_class(self.kind, one.__class__):
            return
        for name, taken in _methods_of(self.kind):
            method = inspect.getattr_static(one, name, None) if of_class else getattr(one, name, None)
            if method is None or getattr(method, "__func__", method) is nn.Module.forward:
                yield f"it has no {name}" if name != "__call__" else "it can't be called"
            elif inspect.isfunction(method) or inspect.ismethod(method):
                own = _bound(method) if of_class else signature_of(method)
                yield from self._lacking_call(f"its {name}", own, taken)

    def _lacking_call(self, what: str, taken: Signature | None, given: Signature | None) -> Iterator[str]:
        """Yield why a call with the arguments of one signature doesn't go into another.

        Keywords with a default are given at some places alone, each at its own: it is enough if a call goes
        with one of them, or without.
        """
        parameters = given.parameters.values() if given else ()
        by_name = {one.name: one for one in parameters if one.kind is Parameter.KEYWORD_ONLY}
        by_position = [one.name for one in parameters if one.name not in by_name]
        always = {name: one for name, one in by_name.items() if one.default is Parameter.empty}
        calls = [always, *({**always, name: one} for name, one in by_name.items() if name not in always)]
        if given and all(why_not_called(taken, by_position, names) for names in calls):
            why = why_not_called(taken, by_position, always)
            yield f"{what} can't be called with {', '.join([*by_position, *always]) or 'nothing'}: {why}"


ANYTHING = Expected()


def is_function(maker: Any) -> bool:
    """Return whether this is a callable that isn't a class."""
    return inspect.isroutine(maker) or isinstance(maker, partial)


def described(one: Any) -> str:
    """Return what was put somewhere as a person knows it, e.g. ``MyHead``, ``a ready Linear`` or ``42``."""
    if isinstance(one, partial):
        return described(one.func)
    if isinstance(one, type) or is_function(one):
        return str(getattr(one, "__qualname__", one))
    if isinstance(one, str | int | float | bool | None):
        return repr(one)
    return f"a ready {type(one).__qualname__}"


def _name(kind: type) -> str:
    return "nn.Module" if kind is nn.Module else kind.__name__


def _bound(function: Callable[..., Any]) -> Signature:
    """Return what a method takes besides its object."""
    signature = inspect.signature(function)
    return signature.replace(parameters=[*signature.parameters.values()][1:])


@lru_cache(maxsize=512)
def _lacks_of_class(kind: Any, cls: Any) -> tuple[str, ...]:
    """Return which methods the instances of a class lack, once for all of them."""
    return tuple(Expected(kind)._lacking_methods(cls))


@lru_cache(maxsize=512)
def _methods_of(kind: Any) -> Sequence[tuple[str, Signature]]:
    """Return the methods of a Protocol that others use, and what these are called with."""
    members = {one: inspect.getattr_static(kind, one, None) for one in _members_of(kind)}
    return [(name, _bound(member)) for name, member in members.items() if inspect.isfunction(member)]


@lru_cache(maxsize=512)
def _attributes_of(kind: Any) -> Sequence[str]:
    methods = [name for name, _ in _methods_of(kind)]
    return [name for name in _members_of(kind) if name not in methods and not name.startswith("__")]


def _members_of(kind: Any) -> list[str]:
    return sorted(get_protocol_members(kind)) if is_protocol(kind) else []
