"""Widths that know who gives them, and stand-ins for what can't be built."""

from collections.abc import Iterator, Mapping
from typing import Any, Self

import torch
from torch import nn


class Width(int):
    """A width, with the path or a description of what gives it.

    Args:
        value: The width.
        giver: E.g. ``multi_feature.combiner`` or ``the data's group 'kar'``.
        is_guessed: Whether it comes of a `StandIn`: what doesn't fit it may be right all the same.
    """

    giver: str
    is_guessed: bool

    def __new__(cls, value: int, giver: str = "", *, is_guessed: bool = False) -> Self:
        """Make one from a number."""
        made = super().__new__(cls, value)
        made.giver, made.is_guessed = giver, is_guessed
        return made


class NotBuiltError(NotImplementedError, AttributeError):
    """A `StandIn` was called, or asked for what it doesn't have."""

    def __init__(self, path: str) -> None:
        super().__init__(f"it uses {path}, see there")


class StandIn(nn.Module):
    """Publishes the widths that the factory of a part which failed was asked for, and computes nothing."""

    def __init__(self, path: str, /, **widths: Any) -> None:
        super().__init__()
        self._stands_for = path
        for name, width in widths.items():
            setattr(self, name, width)
        width = widths.get("out_features", _total(widths.get("in_features")))
        self.out_features = Width(width, path, is_guessed=True)
        self.place = nn.Parameter(torch.empty(1))  # a component without parameters would be another fault

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Raise a `NotBuiltError`."""
        raise NotBuiltError(self._stands_for)

    def __getattr__(self, name: str) -> Any:
        """Return a parameter or a submodule."""
        try:
            return super().__getattr__(name)
        except AttributeError:
            raise NotBuiltError(self.__dict__.get("_stands_for", "a part")) from None


def widths_and_modules(value: Any) -> Iterator[Width | nn.Module]:
    """Yield a width or a module, or those in a collection, with all modules within them."""
    if isinstance(value, nn.Module):
        yield from value.modules()
    elif isinstance(value, Mapping | list | tuple):
        for each in value.values() if isinstance(value, Mapping) else value:
            yield from widths_and_modules(each)
    elif isinstance(value, Width):
        yield value


def plain(value: Any) -> Any:
    """Return a width, or several by name, as mere numbers; anything else as it is."""
    if isinstance(value, Width):
        return int(value)
    if type(value) is dict:
        return {name: plain(each) for name, each in value.items()}
    return value


def _total(width: Any) -> int:
    if isinstance(width, Mapping):
        return sum(width.values())
    return width if isinstance(width, int) else 1
