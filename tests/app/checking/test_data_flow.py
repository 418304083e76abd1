"""Where data come from is found in the same order in every process."""

import torch

from nested_lightning.app.checking.data_flow import DataFlow


def test_givers_come_in_the_order_of_the_computation() -> None:
    flow = DataFlow()
    names = [f"giver-{number}" for number in range(8)]
    given = [torch.ones(2, 1, requires_grad=True) * 2 for _ in names]
    for name, tensor in zip(names, given, strict=True):
        flow.note(name, [], [tensor])

    assert flow.givers(torch.cat(given)) == names
