"""Parameters with a learning rate or a weight decay of their own."""

from collections.abc import Iterable
from typing import Any

from torch import nn

_OPTIONS = "optimizer_options"


def set_optimizer_options(parameters: Iterable[nn.Parameter], **options: float) -> None:
    """Give parameters options of the optimiser, such as ``lr``, over those that they were given before."""
    for parameter in parameters:
        setattr(parameter, _OPTIONS, getattr(parameter, _OPTIONS, {}) | options)


def mark_as_singled_out(parameters: Iterable[nn.Parameter]) -> None:
    """Note that parameters are to be treated by themselves, e.g. since they are frozen for a while."""
    for parameter in parameters:
        setattr(parameter, _OPTIONS, getattr(parameter, _OPTIONS, {}))


def are_singled_out(parameters: Iterable[nn.Parameter]) -> bool:
    """Return whether any of the parameters is to be treated by itself, or was given options of its own."""
    return any(hasattr(parameter, _OPTIONS) for parameter in parameters)


def group_parameters(parameters: Iterable[nn.Parameter]) -> list[nn.Parameter] | list[dict[str, Any]]:
    """Return what an optimiser is built from: the parameters, or one group for each set of options.

    The parameters without any options come first.
    """
    groups: dict[tuple[tuple[str, float], ...], list[nn.Parameter]] = {(): []}
    for parameter in parameters:
        options = tuple(sorted(getattr(parameter, _OPTIONS, {}).items()))
        groups.setdefault(options, []).append(parameter)
    if len(groups) == 1:
        return groups[()]
    return [{"params": members, **dict(options)} for options, members in groups.items() if members]
