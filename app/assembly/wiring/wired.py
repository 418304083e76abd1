"""Wiring functions without a container."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from nested_lightning.app.assembly.wiring.arguments import fitting
from nested_lightning.app.assembly.wiring.wiring import BoundPart, Wiring

F = TypeVar("F", bound=Callable[..., Any])


def wired(name: str) -> Callable[[F], F]:
    """Make a wiring function bind its own parts, at paths below ``name``.

    It keeps its signature; what isn't given is built of the default kinds. Each call is a wiring of its own.
    """

    def decorate(function: F) -> F:
        @wraps(function)
        def wire(*args: Any, **kwargs: Any) -> Any:
            return Wiring.at(name)(function, *args, **kwargs)

        return cast(F, wire)

    return decorate


def offer(maker: Any, **arguments: Any) -> Callable[..., Any]:
    """Return ``maker`` with arguments that are passed if it takes them, and left out otherwise."""

    def offered(*args: Any, **kwargs: Any) -> Any:
        if isinstance(maker, BoundPart):
            return maker.call(args, kwargs, offered=arguments)
        return maker(*args, **{**fitting(maker, arguments), **kwargs})

    return offered
