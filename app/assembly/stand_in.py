"""What stands for a submodule that can't be built, so that the others can be looked at."""

from typing import Any

import torch
from torch import nn


class UnknownWidth(int):
    """A width that is guessed: what doesn't fit it may be right all the same."""


class StandIn(nn.Module):
    """Publishes the widths that were asked for, and computes nothing.

    Args:
        **widths: Keywords of the factory that failed.
    """

    def __init__(self, **widths: Any) -> None:
        super().__init__()
        for name, width in widths.items():
            setattr(self, name, width)
        self.out_features = UnknownWidth(widths.get("out_features", _total(widths.get("in_features"))))
        self.place = nn.Parameter(torch.empty(1))  # a component without parameters would be another fault

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Fail.

        Raises:
            NotImplementedError: Always.
        """
        raise NotImplementedError("this submodule couldn't be built")


def is_guessed(width: Any) -> bool:
    """Return whether a width, or one of several by name, comes from a `StandIn`."""
    widths = width.values() if isinstance(width, dict) else [width]
    return any(isinstance(each, UnknownWidth) for each in widths)


def _total(width: Any) -> int:
    if isinstance(width, dict):
        return sum(width.values())
    return width if isinstance(width, int) else 1
