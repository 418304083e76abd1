"""Steps of a fused Adam whose lists of tensors are made once, not in each step.

Of a step of a small model, torch's ``Adam.step`` takes a tenth to gather what it is about to hand to one
kernel: each parameter's state, and a tensor with the number of its steps, which are counted one by one.
"""

from typing import Any

import torch
from torch import Tensor
from torch.optim import Adam, AdamW, Optimizer
from torch.optim.optimizer import _global_optimizer_post_hooks, _global_optimizer_pre_hooks

_UNUSUAL = ("amsgrad", "maximize", "capturable", "differentiable")


class PreparedAdam:
    """Takes the steps of an optimiser in its place, with the same results and the same state."""

    def __init__(self, optimizer: Optimizer) -> None:
        self._groups = [_PreparedGroup(group, optimizer.state) for group in optimizer.param_groups]
        self._optimizer = optimizer

    def fits(self, optimizer: Optimizer) -> bool:
        """Return whether this optimiser still has the groups and the state that this was made of."""
        pairs = zip(self._groups, optimizer.param_groups, strict=False)
        return (
            optimizer is self._optimizer
            and len(optimizer.param_groups) == len(self._groups)
            and all(group.fits(options, optimizer.state) for group, options in pairs)
        )

    @torch.no_grad()
    def step(self) -> None:
        """Take one step; where a parameter has no gradient, it is torch's own."""
        gradients = [[parameter.grad for parameter in group.parameters] for group in self._groups]
        if any(gradient is None for group in gradients for gradient in group):
            self._optimizer.step()
            return
        for group, of_group in zip(self._groups, gradients, strict=True):
            group.step(of_group)


class _PreparedGroup:
    def __init__(self, options: dict[str, Any], state: Any) -> None:
        self.parameters: list[Tensor] = list(options["params"])
        states = [state[parameter] for parameter in self.parameters]
        self._options = options
        self._means = [each["exp_avg"] for each in states]
        self._squares = [each["exp_avg_sq"] for each in states]
        self._counts = torch.stack([each["step"] for each in states])  # all are incremented at once
        self._count_of_each = list(self._counts.unbind())
        for each, count in zip(states, self._count_of_each, strict=True):
            each["step"] = count
        self._kernel = torch._fused_adamw_ if options["decoupled_weight_decay"] else torch._fused_adam_

    def fits(self, options: dict[str, Any], state: Any) -> bool:
        pairs = zip(self.parameters, self._count_of_each, strict=True)
        return (
            options is self._options
            and len(options["params"]) == len(self.parameters)
            and all(state[parameter].get("step") is count for parameter, count in pairs)
        )

    def step(self, gradients: list[Any]) -> None:
        options = self._options
        self._counts.add_(1)
        self._kernel(
            self.parameters,
            gradients,
            self._means,
            self._squares,
            [],
            self._count_of_each,
            amsgrad=False,
            lr=options["lr"],
            beta1=options["betas"][0],
            beta2=options["betas"][1],
            weight_decay=options["weight_decay"],
            eps=options["eps"],
            maximize=False,
        )


def can_be_prepared(optimizer: Optimizer) -> bool:
    """Return whether `PreparedAdam` steps alike: for a fused Adam or AdamW on a CPU, without hooks."""
    hooks = (
        optimizer._optimizer_step_pre_hooks,
        optimizer._optimizer_step_post_hooks,
        _global_optimizer_pre_hooks,
        _global_optimizer_post_hooks,
    )
    return (
        type(optimizer) in (Adam, AdamW)
        and not any(hooks)
        and all(_is_usual(group) for group in optimizer.param_groups)
    )


def _is_usual(group: dict[str, Any]) -> bool:
    values = (group["lr"], *group["betas"])
    return (
        bool(group["fused"])
        and bool(group["params"])
        and not any(group[name] for name in _UNUSUAL)
        and not any(isinstance(value, Tensor) for value in values)
        and len({parameter.dtype for parameter in group["params"]}) == 1
        and all(parameter.device.type == "cpu" for parameter in group["params"])
    )


def has_state(optimizer: Optimizer) -> bool:
    """Return whether every parameter has taken a step, and so has a state."""
    groups = (group["params"] for group in optimizer.param_groups)
    return all(optimizer.state.get(parameter) for group in groups for parameter in group)
