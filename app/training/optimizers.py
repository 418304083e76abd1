"""The optimisers: functions of the parameters, with everything else bound beforehand.

A composite receives one of them and calls it with its own parameters. All of them use the fused
implementation, which updates every parameter in one call.
"""

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

import torch
from torch.nn import Parameter
from torch.optim import SGD, Adam, AdamW, Optimizer

Parameters: TypeAlias = Iterable[Parameter] | Iterable[dict[str, Any]]
"""Parameters, or parameter groups: dictionaries with ``params`` and their own ``lr``, ``weight_decay``, …"""


def build_adam(
    params: Parameters,
    *,
    lr: float = 1e-3,
    weight_decay: float = 0.0,
    betas: tuple[float, float] = (0.9, 0.999),
    is_fused: bool = True,
) -> Adam:
    """Build Adam (Kingma and Ba, https://arxiv.org/abs/1412.6980).

    Args:
        params: Parameters or parameter groups.
        lr: Learning rate, above 0.
        weight_decay: Strength of the L2 penalty that is added to the gradient, at least 0.
        betas: Decay of the mean of the gradient and of its square, each in [0, 1).
        is_fused: Update all parameters in one call; CPU, CUDA and MPS have it.
    """
    given = _listed(params)
    return Adam(given, lr=lr, weight_decay=weight_decay, betas=betas, fused=_fused(given, is_fused))


def build_adamw(
    params: Parameters,
    *,
    lr: float = 1e-3,
    weight_decay: float = 1e-2,
    betas: tuple[float, float] = (0.9, 0.999),
    is_fused: bool = True,
) -> AdamW:
    """Build AdamW, Adam with decoupled weight decay (Loshchilov and Hutter, https://arxiv.org/abs/1711.05101).

    Args:
        params: Parameters or parameter groups.
        lr: Learning rate, above 0.
        weight_decay: In each step a weight shrinks by ``lr * weight_decay`` of itself; at least 0.
        betas: Decay of the mean of the gradient and of its square, each in [0, 1).
        is_fused: Update all parameters in one call; CPU, CUDA and MPS have it.
    """
    given = _listed(params)
    return AdamW(given, lr=lr, weight_decay=weight_decay, betas=betas, fused=_fused(given, is_fused))


def build_sgd(
    params: Parameters,
    *,
    lr: float = 0.1,
    momentum: float = 0.9,
    is_nesterov: bool = False,
    weight_decay: float = 0.0,
    is_fused: bool = True,
) -> SGD:
    """Build stochastic gradient descent with momentum (Sutskever et al., ICML 2013).

    Args:
        params: Parameters or parameter groups.
        lr: Learning rate, above 0.
        momentum: In [0, 1).
        is_nesterov: Nesterov's momentum; wants a momentum above 0.
        weight_decay: Strength of the L2 penalty that is added to the gradient, at least 0.
        is_fused: Update all parameters in one call; CPU, CUDA and MPS have it.
    """
    given = _listed(params)
    optimizer = SGD(
        given,
        lr=lr,
        momentum=momentum,
        nesterov=is_nesterov,
        weight_decay=weight_decay,
        fused=_fused(given, is_fused),
    )
    if momentum and _fused(given, is_fused):
        optimizer.register_step_pre_hook(_begin_momentum)
    return optimizer


def _begin_momentum(optimizer: Optimizer, args: Any, kwargs: Any) -> None:
    """Give a momentum of 0 to what has no gradient in the first step: torch's fused step fails without."""
    del args, kwargs
    if 0 < len(optimizer.state) < sum(len(group["params"]) for group in optimizer.param_groups):
        for group in optimizer.param_groups:
            for parameter in group["params"]:
                if parameter not in optimizer.state:
                    optimizer.state[parameter]["momentum_buffer"] = torch.zeros_like(parameter)


def _listed(params: Parameters) -> list[Any]:
    """Return parameters or groups that can be gone through more than once."""
    return [{**each, "params": list(each["params"])} if isinstance(each, dict) else each for each in params]


def _fused(params: Sequence[Any], is_fused: bool) -> bool:
    """Return whether the fused implementation is used: ``meta``, where models are checked, has none."""
    groups = (each["params"] if isinstance(each, dict) else [each] for each in params)
    return is_fused and not any(parameter.is_meta for group in groups for parameter in group)
