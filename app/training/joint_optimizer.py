"""Several optimisers that step as one, since Lightning's automatic optimisation takes only one."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch.optim import LBFGS, Optimizer
from typing_extensions import override

from nested_lightning.app.errors import UserError


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
