"""Wiring functions without a container."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from contextvars import ContextVar
from functools import wraps
from typing import Any, TypeVar, cast

from nested_lightning.app.assembly.assembler import Assembler
from nested_lightning.app.assembly.wiring.arguments import fitting
from nested_lightning.app.assembly.wiring.making import having
from nested_lightning.app.assembly.wiring.wiring import BoundPart, Wiring

F = TypeVar("F", bound=Callable[..., Any])

_seed: ContextVar[int | None] = ContextVar("seed of wirings", default=None)


def seeded(seed: int) -> AbstractContextManager[None]:
    """Give each part that is wired within the block the initial weights of its path and ``seed``."""
    return having(_seed, seed)


def wired(name: str) -> Callable[[F], F]:
    """Make a wiring function bind its own parts, at paths below ``name``.

    It keeps its signature; what isn't given is built of the default kinds. Each call is a wiring of its own.
    """

    def decorate(function: F) -> F:
        @wraps(function)
        def wire(*args: Any, **kwargs: Any) -> Any:
            return Wiring(Assembler(path=name, seed=_seed.get()))(function, *args, **kwargs)

        return cast(F, wire)

    return decorate


def offer(maker: Any, **arguments: Any) -> Callable[..., Any]:
    """Return ``maker`` with arguments that are passed if it takes them, and left out otherwise."""

    def offered(*args: Any, **kwargs: Any) -> Any:
        if isinstance(maker, BoundPart):
            return maker.call(args, kwargs, offered=arguments)
        return maker(*args, **{**fitting(maker, arguments), **kwargs})

    return offered
