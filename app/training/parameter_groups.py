"""Parameters with a learning rate or a weight decay of their own."""

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn
from torch.optim import Optimizer

from nested_lightning.app.temporary_attributes import temporary_attributes
from nested_lightning.app.training.joint_optimizer import JointOptimizer

_OPTIONS = "optimizer_options"
_FACTOR = "optimizer_lr_factor"
_lock = threading.RLock()


def set_optimizer_options(parameters: Iterable[nn.Parameter], **options: float) -> None:
    """Give parameters options of the optimiser, such as ``lr``, over those that they were given before."""
    for parameter in parameters:
        setattr(parameter, _OPTIONS, _options_of(parameter) | options)
        if "lr" in options:
            setattr(parameter, _FACTOR, None)


def set_lr_factor(parameters: Iterable[nn.Parameter], factor: float) -> None:
    """Give parameters a multiple of their optimiser's rate, in the place of one of their own."""
    for parameter in parameters:
        setattr(parameter, _OPTIONS, _options_of(parameter))
        setattr(parameter, _FACTOR, factor)


def mark_as_singled_out(parameters: Iterable[nn.Parameter]) -> None:
    """Note that parameters are to be treated by themselves, e.g. since they are frozen for a while."""
    for parameter in parameters:
        setattr(parameter, _OPTIONS, _options_of(parameter))


def are_singled_out(parameters: Iterable[nn.Parameter]) -> bool:
    """Return whether any of the parameters is to be treated by itself, or was given options of its own."""
    return any(hasattr(parameter, _OPTIONS) for parameter in parameters)


@contextmanager
def grouped_by_options() -> Iterator[None]:
    """Have each optimiser that is built in the block put parameters with options into groups of their own.

    So the groups are there before a schedule is built, and whoever builds the optimiser needn't know of them.
    """
    with _lock:
        add_whole: Any = Optimizer.add_param_group

        def add(optimizer: Optimizer, group: dict[str, Any]) -> None:
            is_split = isinstance(optimizer, JointOptimizer)  # it shares its groups with others
            rate = group.get("lr", optimizer.defaults.get("lr"))
            for part in [group] if is_split else _split(group, rate=rate):
                add_whole(optimizer, part)

        with temporary_attributes(Optimizer, add_param_group=add):
            yield


def _split(group: dict[str, Any], *, rate: Any) -> list[dict[str, Any]]:
    """Return a group as one of the parameters without options, and one for each set of options.

    Factors of the group's ``rate`` become rates.
    """
    if isinstance(group["params"], Tensor | set):  # torch refuses a set itself
        return [group]
    members: dict[tuple[tuple[str, float], ...], list[Any]] = {(): []}
    for member in group["params"]:
        parameter = member[1] if isinstance(member, tuple) else member  # it may have a name
        if (factor := getattr(parameter, _FACTOR, None)) is not None:
            setattr(parameter, _OPTIONS, _options_of(parameter) | {"lr": rate * factor})
        members.setdefault(tuple(sorted(_options_of(parameter).items())), []).append(member)
    if len(members) == 1:
        return [{**group, "params": members[()]}]
    return [{**group, "params": own, **dict(options)} for options, own in members.items() if own]


def lost_options(parameters: Iterable[nn.Parameter], optimizers: Iterable[Optimizer]) -> list[str]:
    """Return the names of those options of parameters that their optimiser doesn't begin with."""
    found = {
        id(member): {name: group.get(f"initial_{name}", value) for name, value in group.items()}
        for optimizer in optimizers
        for group in optimizer.param_groups
        for member in group["params"]
    }
    lost = [
        name
        for parameter in parameters
        if parameter.requires_grad
        for name, value in _options_of(parameter).items()
        if found.get(id(parameter), {}).get(name) != value
    ]
    return [*dict.fromkeys(lost)]


def _options_of(parameter: Any) -> dict[str, float]:
    options: dict[str, float] = getattr(parameter, _OPTIONS, {})
    return options
