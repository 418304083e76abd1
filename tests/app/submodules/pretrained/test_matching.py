"""Tensors of a file for a network: all of them, or none."""

import pytest
import torch
from torch import Tensor, nn

from nested_lightning.app.errors import UserError
from nested_lightning.app.submodules.pretrained.matching import load_matching


def _network() -> nn.Module:
    return nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))


def _given(prefix: str = "") -> dict[str, Tensor]:
    return {f"{prefix}{name}": torch.full_like(value, 2) for name, value in _network().state_dict().items()}


@pytest.mark.parametrize("prefix", ["", "backbone.", "model.net."])
def test_all_tensors_are_taken_whatever_stands_before_their_names(prefix: str) -> None:
    network = _network()

    said = load_matching(network, _given(prefix), heads=(), source="w")

    assert all((value == 2).all() for value in network.state_dict().values())
    assert said.startswith("7 of 7 tensors from w")
    assert (f"without '{prefix}'" in said) is bool(prefix)


def test_a_head_of_another_task_is_left_out_and_named() -> None:
    given = _given() | {"fc.weight": torch.ones(5, 3)}

    assert load_matching(_network(), given, heads=("fc.",), source="w").endswith("left out: 'fc.weight'")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"0.weight": None}, r"w isn't whole.*1 tensor of 7 missing there: '0\.weight'"),
        ({"0.weight": torch.ones(3, 4)}, r"1 tensor of another shape: .*\(3, 4\) there, \(3, 2\) here"),
        ({"2.weight": torch.ones(3)}, r"1 tensor that the part has no place for: '2\.weight'"),
        (dict.fromkeys(_given()), "6 tensors of 7 missing"),
    ],
)
def test_a_part_of_the_weights_is_never_enough(change: dict[str, Tensor | None], message: str) -> None:
    network, given = _network(), _given() | change
    before = {name: value.clone() for name, value in network.state_dict().items()}

    with pytest.raises(UserError, match=message):
        load_matching(
            network, {name: value for name, value in given.items() if value is not None}, heads=(), source="w"
        )

    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
