"""What the makers of parts take, and what has to come of them."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin
from weakref import WeakKeyDictionary

from torch import nn

from nested_lightning.app.assembly.errors import CompositionError
from nested_lightning.app.assembly.protocols.declaring import required_class
from nested_lightning.app.assembly.wiring.parts import Declaration
from nested_lightning.app.errors import did_you_mean


@dataclass(frozen=True)
class Expected:
    """What has to come of a part, by its annotation ``Part[T]``.

    Attributes:
        kind: T: a class or a Protocol.
        is_optional: Whether T may be None.
    """

    kind: Any = object
    is_optional: bool = False

    @property
    def is_module(self) -> bool:
        """Whether it has to be a module."""
        return isinstance(self.kind, type) and issubclass(required_class(self.kind), nn.Module)


ANYTHING = Expected()


_known: WeakKeyDictionary[Callable[..., Any], Mapping[str, Expected]] = WeakKeyDictionary()
"""What was found of wiring functions, for as long as these live: most are called for each model."""


def expected_parts(function: Callable[..., Any]) -> Mapping[str, Expected]:
    """Return what has to come of each part of a wiring function, by its name; of any other, nothing."""
    if function not in _known:
        parameters = inspect.signature(function).parameters
        names = [name for name, one in parameters.items() if isinstance(one.default, Declaration)]
        hints = _hints_of(function) if names else {}
        _known[function] = {name: expected_of(hints.get(name)) for name in names}
    return _known[function]


def _hints_of(function: Callable[..., Any]) -> dict[str, Any]:
    try:
        return inspect.get_annotations(function, eval_str=True)
    except (NameError, TypeError):  # a name that is imported for type checkers alone
        return {}


def expected_of(annotation: Any) -> Expected:
    """Return what has to come of a part that is annotated ``Part[T]`` or ``Parts[T]``."""
    (kind,) = get_args(annotation) or (object,)
    if get_origin(kind) not in (Union, UnionType):
        return Expected(kind)
    kinds = [one for one in get_args(kind) if one is not NoneType]
    return Expected(kinds[0] if len(kinds) == 1 else object, is_optional=NoneType in get_args(kind))


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
    except TypeError as error:
        unknown = next((name for name in kwargs if name not in signature.parameters), "")
        near = did_you_mean(unknown, signature.parameters) if unknown else ""
        named = maker.func if isinstance(maker, partial) else maker
        name = getattr(named, "__name__", type(named).__name__)
        message = f"{path} can't be built: {name}{signature}: {error}{near}"
        raise CompositionError(message, path=path) from None  # no consequence of a guessed width
