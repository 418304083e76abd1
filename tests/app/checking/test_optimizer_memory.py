"""What an optimiser remembers is found out from one parameter of each size."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.optim import LBFGS, SGD, Adafactor, Adam, Optimizer

from nested_lightning.app.checking.submodule_table import remembered_bytes


def _parameters() -> list[nn.Parameter]:
    shapes = [(2, 3), (2, 3), (3,), (4, 1), (3,), (2, 3)]
    return [nn.Parameter(torch.ones(shape)) for shape in shapes] + [nn.Parameter(torch.ones(3).half())]


@pytest.mark.parametrize(
    "make",
    [
        Adam,
        lambda given: Adam(given, amsgrad=True),
        lambda given: SGD(given, lr=0.1),
        lambda given: SGD(given, lr=0.1, momentum=0.9),
        Adafactor,
    ],
)
def test_it_is_what_each_parameter_has_after_a_step_of_all(make: Callable[[Any], Optimizer]) -> None:
    parameters = _parameters()
    halves = [{"params": parameters[:3]}, {"params": parameters[3:]}]
    found = remembered_bytes([make(halves)])
    whole = make(halves)
    for parameter in parameters:
        parameter.grad = torch.zeros_like(parameter)
    whole.step()
    expected = {
        id(parameter): sum(
            value.nbytes for value in whole.state[parameter].values() if torch.is_tensor(value)
        )
        for parameter in parameters
    }
    assert found == expected


def test_nothing_is_known_of_an_optimiser_that_needs_a_closure() -> None:
    assert remembered_bytes([LBFGS(_parameters())]) == {}
