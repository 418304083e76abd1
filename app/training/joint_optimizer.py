"""Several optimisers that step as one, since Lightning's automatic optimisation takes only one."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from torch.nn import Parameter
from torch.optim import LBFGS, Optimizer
from typing_extensions import override

from nested_lightning.app.errors import UserError

_OWN = "own_optimizer"


class JointOptimizer(Optimizer):
    """Has the groups and the state of several optimisers, and lets each of them step.

    Schedules, gradient clipping and checkpoints see one optimiser with all groups, in the order of the
    optimisers.

    Raises:
        UserError: One of them computes the loss itself, so that others can't step with it.
    """

    def __init__(self, optimizers: Sequence[Optimizer]) -> None:
        if any(isinstance(one, LBFGS) for one in optimizers):
            raise UserError(
                "LBFGS computes the loss itself, several times in a step: it can't be one of several"
            )
        self.optimizers = optimizers
        self._sizes = [len(one.param_groups) for one in optimizers]
        super().__init__([group for one in optimizers for group in one.param_groups], {})
        self._hand_out()

    @override
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Let each optimiser step; the closure, if there is one, computes the gradients once for all."""
        with torch.enable_grad():
            loss = closure() if closure else None
        for one in self.optimizers:
            one.step()
        return loss

    @override
    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        super().load_state_dict(state_dict)
        self._hand_out()

    def _hand_out(self) -> None:
        """Let each optimiser work on its groups and on the state that are this one's."""
        groups = iter(self.param_groups)
        for one, size in zip(self.optimizers, self._sizes, strict=True):
            one.state, one.param_groups = self.state, [next(groups) for _ in range(size)]


def set_own_optimizer(parameters: Iterable[Parameter], build: Callable[[Any], Optimizer]) -> None:
    """Give parameters an optimiser of their own, in the place of one that they were given before."""
    for parameter in parameters:
        setattr(parameter, _OWN, build)


def lack_own_optimizer(parameters: Iterable[Parameter], optimizers: Iterable[Optimizer]) -> bool:
    """Return whether any parameter that learns was given an optimiser, and doesn't have it."""
    joint = [one for one in optimizers if isinstance(one, JointOptimizer)]
    held = {id(member) for one in joint for group in one.param_groups for member in group["params"]}
    return any(one.requires_grad and hasattr(one, _OWN) and id(one) not in held for one in parameters)


def build_optimizer(build: Callable[[Any], Optimizer], parameters: Sequence[Parameter]) -> Optimizer:
    """Return an optimiser of parameters, in which those with an optimiser of their own have that."""
    members: dict[Any, list[Parameter]] = {}
    for parameter in parameters:
        members.setdefault(getattr(parameter, _OWN, build), []).append(parameter)
    if not members.keys() - {build}:
        return build(parameters)
    return JointOptimizer([each(own) for each, own in members.items()])
