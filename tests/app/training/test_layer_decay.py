"""Layers from input to output, by which rates fall."""

import pytest
import torch
from torch import nn

from nested_lightning.app.errors import UserError
from nested_lightning.app.training.layer_decay import list_layers
from nested_lightning.app.training.parameter_groups import (
    grouped_by_options,
    treat_apart,
)


class Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 2))


class Encoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.token = nn.Parameter(torch.zeros(2))
        self.stem = nn.Linear(2, 2)
        self.body = nn.Module()
        self.body.blocks = nn.ModuleList([Block(), Block()])
        self.norm = nn.LayerNorm(2)
        self.words = nn.Embedding(3, 2)


def names_by_layer(module: nn.Module) -> list[set[str]]:
    names = {id(parameter): name for name, parameter in module.named_parameters()}
    return [{names[id(one)].rpartition(".")[0] for one in layer} for layer in list_layers(module, path="a.b")]


def test_blocks_are_layers_with_what_comes_before_and_behind() -> None:
    inner = [f"layers.{place}" for place in (0, 2, 4)]
    assert names_by_layer(Encoder()) == [
        {"", "stem", "words"},
        {f"body.blocks.0.{name}" for name in inner},
        {f"body.blocks.1.{name}" for name in inner},
        {"norm"},
    ]


def test_layers_without_parameters_do_not_count() -> None:
    module = nn.Sequential(nn.Flatten(), nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 2))
    assert names_by_layer(module) == [set(), {"1"}, {"3"}, set()]


@pytest.mark.parametrize(
    "module",
    [nn.Linear(2, 2), nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2)), nn.ModuleList([nn.Linear(2, 2)])],
)
def test_fewer_than_two_blocks_are_refused(module: nn.Module) -> None:
    with pytest.raises(UserError, match=r"^submodules\.a\.b\.layer_decay: \w+ has no .* or more blocks"):
        list_layers(module, path="a.b")


def test_a_factor_multiplies_the_rate_that_an_optimizer_is_built_with() -> None:
    module = Encoder()
    for power, layer in enumerate(reversed(list_layers(module, path="a.b"))):
        treat_apart(layer, lr_factor=0.5**power)

    for rate in (1.0, 0.5):  # the second training begins with another rate
        with grouped_by_options():
            groups = torch.optim.SGD(module.parameters(), lr=rate).param_groups
        assert sorted(group["lr"] for group in groups) == [rate * 0.5**power for power in (3, 2, 1, 0)]
    treat_apart(module.parameters(), lr=0.25)
    with grouped_by_options():
        assert [group["lr"] for group in torch.optim.SGD(module.parameters(), lr=1.0).param_groups] == [0.25]
