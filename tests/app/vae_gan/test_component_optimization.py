from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from nested_lightning.app.assembly.errors import CompositionError
from nested_lightning.app.training.optimizers import build_sgd
from nested_lightning.app.training.schedules import build_constant, build_cosine
from nested_lightning.app.vae_gan.component_optimization import (
    Component,
    ComponentOptimizers,
    check_ownership,
)


class Pair(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.left, self.right = nn.Linear(2, 2), nn.Linear(2, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.right(self.left(x))


def _component(path: str, module: nn.Module, schedule: Any = build_constant) -> Component:
    return Component(path=path, module=module, optimizer=partial(build_sgd, lr=0.1), schedule=schedule)


def test_each_trainable_parameter_in_one_component_is_as_it_should_be() -> None:
    pair = Pair()
    components = [_component("left", pair.left), _component("right", pair.right)]
    pair.frozen = nn.Linear(2, 2).requires_grad_(False)

    check_ownership(pair, components)

    pair.left.bias.requires_grad_(False)
    check_ownership(pair, components)


def test_a_parameter_of_none_or_of_several_components_is_named() -> None:
    pair = Pair()

    with pytest.raises(CompositionError, match=r"right\.weight belongs to none"):
        check_ownership(pair, [_component("left", pair.left)])
    with pytest.raises(CompositionError, match=r"left\.weight belongs to left and all"):
        check_ownership(pair, [_component("left", pair.left), _component("all", pair)])


def test_a_component_with_nothing_to_train_is_named() -> None:
    pair = Pair()
    pair.right.requires_grad_(False)

    with pytest.raises(CompositionError, match="right has no trainable parameter"):
        check_ownership(pair, [_component("left", pair.left), _component("right", pair.right)])


def test_only_toggled_components_have_gradients_and_others_do_again_afterwards() -> None:
    pair = Pair()
    pair.right.bias.requires_grad_(False)
    optimizers = ComponentOptimizers([_component("left", pair.left), _component("right", pair.right)])

    with optimizers.toggled("left"):
        pair(torch.rand(3, 2)).sum().backward()

    assert pair.left.weight.grad is not None
    assert pair.right.weight.grad is None
    assert pair.right.weight.requires_grad
    assert not pair.right.bias.requires_grad
    with pytest.raises(RuntimeError, match="stop"), optimizers.toggled("right"):
        raise RuntimeError("stop")
    assert pair.left.weight.requires_grad


def test_schedules_are_as_long_as_the_steps_of_their_component() -> None:
    pair = Pair()
    cosine = partial(build_cosine, warmup_fraction=0.0)
    optimizers = ComponentOptimizers([_component("left", pair.left, cosine), _component("right", pair.right)])

    left, right = optimizers.configure({"left": 4, "right": 9})

    assert "lr_scheduler" not in right
    rates = []
    for _ in range(4):
        left["optimizer"].step()
        left["lr_scheduler"]["scheduler"].step()
        rates.append(left["optimizer"].param_groups[0]["lr"])
    assert rates[2] == pytest.approx(0.0, abs=1e-9)
