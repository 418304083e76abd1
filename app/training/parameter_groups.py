"""Parameters with a learning rate, a weight decay or an optimiser of their own."""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn
from torch.optim import Optimizer

from nested_lightning.app.temporary_attributes import temporary_attributes
from nested_lightning.app.training.joint_optimizer import JointOptimizer

_CHOICES = "optimizer_choices"
_NO_OPTIONS = ("lr_factor", "optimizer")
_lock = threading.RLock()


def treat_apart(parameters: Iterable[nn.Parameter], **choices: Any) -> None:
    """Note that parameters are treated by themselves, e.g. since they are frozen for a while, and how.

    Args:
        parameters: What was chosen for them before stays where nothing else is chosen.
        **choices: Options of the optimiser, such as ``lr``; ``lr_factor``, a multiple of its rate in place of
            an own one; ``optimizer``, which builds one of their own.
    """
    own_rate = {"lr_factor": None} if "lr" in choices else {}
    for parameter in parameters:
        setattr(parameter, _CHOICES, {**_choices_of(parameter), **own_rate, **choices})


def are_apart(parameters: Iterable[nn.Parameter]) -> bool:
    """Return whether any of the parameters is to be treated by itself."""
    return any(hasattr(parameter, _CHOICES) for parameter in parameters)


def build_optimizer(build: Callable[[Any], Optimizer], parameters: Sequence[nn.Parameter]) -> Optimizer:
    """Return an optimiser of parameters, in which those with an optimiser of their own have that."""
    members: dict[Any, list[nn.Parameter]] = {}
    for parameter in parameters:
        members.setdefault(_choices_of(parameter).get("optimizer", build), []).append(parameter)
    if not members.keys() - {build}:
        return build(parameters)
    return JointOptimizer([each(own) for each, own in members.items()])


def lack_own_optimizer(parameters: Iterable[nn.Parameter], optimizers: Iterable[Optimizer]) -> bool:
    """Return whether any parameter that learns was given an optimiser, and doesn't have it."""
    joint = [one for one in optimizers if isinstance(one, JointOptimizer)]
    held = {id(member) for one in joint for group in one.param_groups for member in group["params"]}
    with_own = (one for one in parameters if one.requires_grad and "optimizer" in _choices_of(one))
    return any(id(one) not in held for one in with_own)


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
        if (factor := _choices_of(parameter).get("lr_factor")) is not None:
            treat_apart([parameter], lr=rate * factor, lr_factor=factor)
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
    return {name: value for name, value in _choices_of(parameter).items() if name not in _NO_OPTIONS}


def _choices_of(parameter: Any) -> dict[str, Any]:
    choices: dict[str, Any] = getattr(parameter, _CHOICES, {})
    return choices
