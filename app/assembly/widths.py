"""Widths that know who gives them, and what a check puts in the place of what can't be built."""

from collections.abc import Mapping
from typing import Any, Self

import torch
from torch import nn


class Width(int):
    """A width, and the path or the words of what gives it.

    Args:
        value: The width.
        giver: E.g. ``multi_feature.combiner`` or ``the data's group 'kar'``.
        is_guessed: Whether it comes of a `StandIn`: what doesn't fit it may be right all the same.
    """

    giver: str
    is_guessed: bool

    def __new__(cls, value: int, giver: str = "", *, is_guessed: bool = False) -> Self:
        """Make one of a number."""
        made = super().__new__(cls, value)
        made.giver, made.is_guessed = giver, is_guessed
        return made


class NotBuiltError(NotImplementedError):
    """A `StandIn` was called."""


class StandIn(nn.Module):
    """Publishes the widths that were asked for, and computes nothing.

    Args:
        **widths: Keywords of the factory that failed.
    """

    def __init__(self, **widths: Any) -> None:
        super().__init__()
        for name, width in widths.items():
            setattr(self, name, width)
        width = widths.get("out_features", _total(widths.get("in_features")))
        self.out_features = Width(width, is_guessed=True)
        self.place = nn.Parameter(torch.empty(1))  # a component without parameters would be another fault

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Fail.

        Raises:
            NotBuiltError: Always.
        """
        raise NotBuiltError("this submodule couldn't be built")


def is_guessed(width: Any) -> bool:
    """Return whether a width, or one of several by name, comes of a `StandIn`."""
    if isinstance(width, Width):
        return width.is_guessed
    return isinstance(width, Mapping) and any(map(is_guessed, width.values()))


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
