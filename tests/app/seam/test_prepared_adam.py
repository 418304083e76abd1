"""Steps of a prepared Adam are those of torch's own, to the bit, and leave the same state."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.optim import SGD, Adam, AdamW, Optimizer

from nested_lightning.app.seam.prepared_adam import PreparedAdam, can_be_prepared, has_state
from nested_lightning.app.training.optimizers import build_adam, build_adamw

Build = Callable[..., Optimizer]


def make_layers() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))


def make_groups(layers: nn.Sequential) -> list[dict[str, Any]]:
    return [{"params": layers[0].parameters(), "lr": 0.05}, {"params": layers[2].parameters()}]


def backward(layers: nn.Sequential, *, scale: float = 1.0) -> None:
    layers.zero_grad()
    layers(torch.linspace(-1, 1, 6).view(2, 3) * scale).square().sum().backward()


def train(build: Build, *, is_prepared: bool) -> tuple[nn.Sequential, Optimizer]:
    layers = make_layers()
    optimizer = build(make_groups(layers), lr=0.1, weight_decay=0.2)
    backward(layers)
    optimizer.step()
    step = PreparedAdam(optimizer).step if is_prepared else optimizer.step
    for number in range(4):
        optimizer.param_groups[0]["lr"] *= 0.5  # as a schedule does
        backward(layers, scale=number)
        if number == 2:
            layers[2].bias.grad = None  # as where a branch isn't used
        step()
    return layers, optimizer


@pytest.mark.parametrize("build", [build_adam, build_adamw])
def test_weights_and_state_are_those_of_torchs_own_steps(build: Build) -> None:
    (found, prepared), (wanted, own) = train(build, is_prepared=True), train(build, is_prepared=False)

    torch.testing.assert_close(found.state_dict(), wanted.state_dict(), rtol=0, atol=0)
    torch.testing.assert_close(prepared.state_dict(), own.state_dict(), rtol=0, atol=0)
    assert [int(state["step"]) for state in prepared.state.values()] == [5, 5, 5, 4]


def test_torchs_own_steps_go_on_from_the_state() -> None:
    (found, prepared), (wanted, own) = (
        train(build_adam, is_prepared=True),
        train(build_adam, is_prepared=False),
    )
    for layers, optimizer in ((found, prepared), (wanted, own)):
        state = copy.deepcopy(optimizer.state_dict())
        optimizer.load_state_dict(state)
        backward(layers)
        optimizer.step()

    torch.testing.assert_close(found.state_dict(), wanted.state_dict(), rtol=0, atol=0)


def test_another_state_or_another_group_needs_another_preparation() -> None:
    _, optimizer = train(build_adam, is_prepared=False)
    prepared = PreparedAdam(optimizer)
    assert prepared.fits(optimizer)

    optimizer.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    assert not prepared.fits(optimizer)

    prepared = PreparedAdam(optimizer)
    optimizer.add_param_group({"params": nn.Linear(1, 1).parameters()})
    assert not prepared.fits(optimizer)


def test_a_state_is_there_when_each_parameter_has_taken_a_step() -> None:
    layers = make_layers()
    optimizer = build_adam(layers.parameters())
    assert not has_state(optimizer)
    backward(layers)
    layers[0].bias.grad = None
    optimizer.step()
    assert not has_state(optimizer)
    backward(layers)
    optimizer.step()
    assert has_state(optimizer)


@pytest.mark.parametrize(
    "optimizer",
    [
        SGD(nn.Linear(1, 1).parameters(), fused=True),
        Adam(nn.Linear(1, 1).parameters()),
        Adam(nn.Linear(1, 1).parameters(), fused=True, amsgrad=True),
        AdamW(nn.Linear(1, 1).parameters(), fused=True, maximize=True),
        AdamW(nn.Linear(1, 1).parameters(), lr=torch.tensor(0.1), fused=True),
        type("OwnAdam", (Adam,), {})(nn.Linear(1, 1).parameters(), fused=True),
    ],
    ids=["sgd", "unfused", "amsgrad", "maximize", "rate in a tensor", "of a subclass"],
)
def test_what_steps_in_another_way_is_left_to_torch(optimizer: Optimizer) -> None:
    assert not can_be_prepared(optimizer)


def test_an_optimizer_with_a_hook_is_left_to_torch() -> None:
    optimizer = build_adam(nn.Linear(1, 1).parameters())
    assert can_be_prepared(optimizer)
    optimizer.register_step_post_hook(lambda *_: None)
    assert not can_be_prepared(optimizer)
