from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
from torch import nn
from torch.optim import SGD, Adam, AdamW, Optimizer

from nested_lightning.app.training.optimizers import build_adam, build_adamw, build_sgd

BUILDERS = [
    (build_adam, Adam, {"lr": 0.1, "weight_decay": 0.2, "betas": (0.8, 0.9)}),
    (build_adamw, AdamW, {"lr": 0.1, "weight_decay": 0.2, "betas": (0.8, 0.9)}),
    (build_sgd, SGD, {"lr": 0.1, "weight_decay": 0.2, "momentum": 0.7}),
]


def weights_after(build: Callable[..., Optimizer]) -> torch.Tensor:
    torch.manual_seed(0)
    layer = nn.Linear(3, 2)
    optimizer = build(layer.parameters())
    for _ in range(3):
        optimizer.zero_grad()
        layer(torch.ones(1, 3)).square().sum().backward()
        optimizer.step()
    return layer.weight.detach()


@pytest.mark.parametrize(("build", "kind", "arguments"), BUILDERS)
def test_optimizer_steps_as_torchs_own(
    build: Callable[..., Optimizer], kind: type[Optimizer], arguments: dict[str, Any]
) -> None:
    torch.testing.assert_close(
        weights_after(partial(build, **arguments)), weights_after(partial(kind, **arguments))
    )


@pytest.mark.parametrize(("build", "kind", "arguments"), BUILDERS)
@pytest.mark.parametrize("is_fused", [True, False])
def test_optimizer_is_fused_as_asked(
    build: Callable[..., Optimizer], kind: type[Optimizer], arguments: dict[str, Any], is_fused: bool
) -> None:
    optimizer = build(nn.Linear(1, 1).parameters(), is_fused=is_fused)
    assert isinstance(optimizer, kind)
    assert optimizer.param_groups[0]["fused"] is is_fused


def test_sgd_takes_nesterovs_momentum() -> None:
    plain = weights_after(partial(build_sgd, lr=0.1, momentum=0.9))
    nesterov = weights_after(partial(build_sgd, lr=0.1, momentum=0.9, is_nesterov=True))
    assert not torch.allclose(plain, nesterov)


def test_parameter_groups_keep_their_own_learning_rate() -> None:
    first, second = nn.Linear(1, 1), nn.Linear(1, 1)
    groups: list[dict[str, Any]] = [
        {"params": first.parameters(), "lr": 0.5},
        {"params": second.parameters()},
    ]
    built = build_adamw(groups, lr=0.1).param_groups
    assert [group["lr"] for group in built] == [0.5, 0.1]
    assert [group["params"] for group in built] == [list(first.parameters()), list(second.parameters())]


def test_sgd_takes_a_parameter_whose_first_gradient_comes_later() -> None:
    ends = []
    for is_fused in (True, False):
        early, late = (nn.Parameter(torch.tensor([1.0, -2.0])) for _ in range(2))
        optimizer = build_sgd([early, late], lr=0.1, weight_decay=0.01, is_fused=is_fused)
        for is_late in (False, True, True):
            loss = (early.square() + late.pow(3) if is_late else early.square()).sum()
            optimizer.zero_grad()
            optimizer.step(loss.backward)  # Lightning has it compute the gradients
        ends.append(torch.stack([early.detach(), late.detach()]))

    torch.testing.assert_close(*ends)
