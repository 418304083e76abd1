"""What a class or a function takes, and whether it can be called with certain arguments."""

import inspect
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from inspect import Signature
from typing import Any, get_type_hints

from torch import nn

from nested_lightning.app.errors import did_you_mean


def signature_of(called: Callable[..., Any]) -> Signature | None:
    """Return what a class or a function takes; None: it doesn't say."""
    made = called.func if isinstance(called, partial) else called
    if getattr(made, "__init__", None) is nn.Module.__init__:
        return Signature()  # its signature takes everything, its code nothing
    try:
        return inspect.signature(called)
    except (TypeError, ValueError):  # some callables written in C have none
        return None


def hints_of(maker: Callable[..., Any]) -> dict[str, Any]:
    """Return the types of a class's or function's arguments, as far as they are available at runtime."""
    function = maker.__init__ if isinstance(maker, type) else inspect.unwrap(maker)  # type: ignore[misc]
    try:
        return get_type_hints(function, include_extras=True)
    except (NameError, TypeError):  # a name imported only for type checkers
        return {}


def takes_any_keyword(taken: Signature | None) -> bool:
    """Return whether there is ``**kwargs``, so that no name can be checked."""
    return taken is not None and any(one.kind is one.VAR_KEYWORD for one in taken.parameters.values())


def why_not_called(
    taken: Signature | None, args: Iterable[Any], kwargs: Mapping[str, Any], *, is_whole: bool = True
) -> str | None:
    """Return why something can't be called so, with the nearest name; None: it can, or nothing is known.

    Unless ``is_whole``, other arguments may follow.
    """
    if taken is None:
        return None
    try:
        (taken.bind if is_whole else taken.bind_partial)(*args, **kwargs)
    except TypeError as error:
        unknown = [name for name in kwargs if name not in taken.parameters and not takes_any_keyword(taken)]
        if not unknown:
            return str(error)
        near, known = did_you_mean(unknown[0], taken.parameters), ", ".join(taken.parameters) or "nothing"
        return f"got an unexpected keyword argument '{unknown[0]}'{near} (it takes: {known})"
    return None
