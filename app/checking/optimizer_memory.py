"""What optimisers remember of each parameter, found out from one parameter of each size."""

from collections.abc import Hashable, Iterable
from contextlib import suppress

import torch
from torch import Tensor
from torch.optim import Optimizer


def remembered_bytes(optimizers: Iterable[Optimizer]) -> dict[int, int]:
    """Return the memory of what optimisers keep besides each parameter, by the parameter's id.

    One parameter of each size in each group takes a step, which may change it. Nothing is known of an
    optimiser that can't take one, such as L-BFGS.
    """
    found: dict[int, int] = {}
    for optimizer in optimizers:
        alike = _of_one_size(optimizer)
        _step([first for first, *_ in alike], optimizer)
        for parameters in alike:
            if parameters[0] in optimizer.state:
                kept = optimizer.state[parameters[0]].values()
                size = sum(value.nbytes for value in kept if isinstance(value, Tensor))
                found.update((id(parameter), size) for parameter in parameters)
    return found


def _of_one_size(optimizer: Optimizer) -> list[list[Tensor]]:
    """Return the parameters in lists, each of one group, shape and type."""
    alike: dict[Hashable, list[Tensor]] = {}
    for number, group in enumerate(optimizer.param_groups):
        for parameter in group["params"]:
            key = number, parameter.shape, parameter.dtype, parameter.device
            alike.setdefault(key, []).append(parameter)
    return [*alike.values()]


def _step(parameters: Iterable[Tensor], optimizer: Optimizer) -> None:
    optimizer.zero_grad(set_to_none=True)
    for parameter in parameters:
        parameter.grad = torch.zeros_like(parameter)
    with suppress(Exception):
        optimizer.step()
