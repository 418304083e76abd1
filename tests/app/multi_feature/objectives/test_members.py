"""Losses and answers of several members."""

from typing import Any

import pytest
import torch

from nested_lightning.app.multi_feature.objectives.binary import BinaryObjective
from nested_lightning.app.multi_feature.objectives.classes import ClassesObjective
from nested_lightning.app.multi_feature.objectives.labels import LabelsObjective
from nested_lightning.app.multi_feature.objectives.members import combine_members, member_losses
from nested_lightning.app.multi_feature.objectives.numbers import CountsObjective, NumberObjective
from nested_lightning.app.multi_feature.objectives.several import SeveralObjective
from nested_lightning.app.multi_feature.targets.several import SeveralTargets
from nested_lightning.app.multi_feature.targets.specs import (
    ClassTarget,
    CountTarget,
    LabelTarget,
    NumberTarget,
)

_CLASSES = ClassTarget(column="kind", names=("a", "b", "c"), counts=(1, 1, 1))
_TWO = ClassTarget(column="kind", names=("a", "b"), counts=(1, 1))
_NUMBER = NumberTarget(column="price", mean=5.0, scale=2.0)
_OBJECTIVES = {
    "classes": (ClassesObjective(target=_CLASSES), torch.tensor([0, 2, 1, 1])),
    "binary": (BinaryObjective(target=_TWO), torch.tensor([0, 1, 1, 0])),
    "number": (NumberObjective(target=_NUMBER, quantiles=[0.2, 0.8]), torch.randn(4)),
    "counts": (CountsObjective(target=CountTarget(column="n", mean=3.0)), torch.tensor([1.0, 4, 0, 2])),
    "labels": (
        LabelsObjective(target=LabelTarget(column="l", names=("a", "b"), counts=(1, 1), num_rows=2)),
        torch.tensor([[0.0, 1], [1, 1], [0, 0], [1, 0]]),
    ),
}


def _outputs(objective: Any) -> torch.Tensor:
    return 3 * torch.randn(4, 5, objective.out_features, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("name", _OBJECTIVES)
def test_answers_are_the_mean_of_the_members_answers(name: str) -> None:
    objective: Any = _OBJECTIVES[name][0]
    outputs = _outputs(objective).sort(dim=2).values  # quantiles that don't cross
    answers = torch.stack([objective.decode(one) for one in outputs.unbind(1)])

    combined = objective.decode(combine_members(objective, outputs))
    torch.testing.assert_close(combined, answers.mean(dim=0), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", _OBJECTIVES)
def test_the_loss_of_a_row_is_the_mean_of_its_members_losses(name: str) -> None:
    objective, target = _OBJECTIVES[name]
    outputs = _outputs(objective)
    losses = torch.stack([objective(one, target) for one in outputs.unbind(1)])

    torch.testing.assert_close(member_losses(objective, outputs, target), losses.mean(dim=0))


def test_members_of_several_columns_are_averaged_column_by_column() -> None:
    targets = SeveralTargets(targets={"kind": _CLASSES, "price": _NUMBER})
    parts: dict[str, Any] = {
        "kind": ClassesObjective(target=_CLASSES),
        "price": NumberObjective(target=_NUMBER),
    }
    several = SeveralObjective(target=targets, objectives=parts)
    outputs = _outputs(several)
    kinds = torch.stack([one[:, :3].softmax(dim=1) for one in outputs.unbind(1)])

    answers = several.decode(combine_members(several, outputs))

    torch.testing.assert_close(answers["kind"], kinds.mean(dim=0))
    assert member_losses(
        several, outputs, {"kind": torch.tensor([0, 2, 1, 1]), "price": torch.ones(4)}
    ).shape == (4,)
