"""Evaluation of multi-feature, compared with scores computed by hand."""

import math
import warnings
from typing import Any

import pytest
import torch
from torch import Tensor

from nested_lightning.app.multi_feature.batch import FeatureBatch
from nested_lightning.app.multi_feature.evaluate import MultiFeatureEvaluator
from nested_lightning.app.multi_feature.objectives.classes import ClassesObjective
from nested_lightning.app.multi_feature.targets.specs import ClassTarget


class _Predictor:
    """Gives fixed probabilities of three classes."""

    class model:  # noqa: N801  # stands for an attribute
        objective = ClassesObjective(target=ClassTarget(column="y", names=("a", "b", "c"), counts=(1, 2, 1)))

    def answers(self, rows: FeatureBatch) -> Tensor:
        return torch.tensor([[0.8, 0.1, 0.1], [0.6, 0.3, 0.1], [0.1, 0.8, 0.1], [0.2, 0.6, 0.2]])


class _DataModule:
    def part(self, name: str) -> FeatureBatch:
        return FeatureBatch(features={"x": torch.zeros(4, 1)}, target=torch.tensor([0, 1, 1, 1]))


def _report() -> Any:
    predictor: Any = _Predictor()
    datamodule: Any = _DataModule()
    return MultiFeatureEvaluator(predictor=predictor, datamodule=datamodule)("test")


def test_a_baseline_in_32_bits_is_no_reason_for_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    thirds = ClassesObjective(target=ClassTarget(column="y", names=("a", "b", "c"), counts=(2, 2, 2)))
    monkeypatch.setattr(_Predictor.model, "objective", thirds)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert _report().baseline["log_loss"] == pytest.approx(math.log(3))


def test_scores_of_the_whole_are_those_computed_by_hand() -> None:
    report = _report()

    assert report.num_samples == 4
    assert report.scores["accuracy"] == 0.75
    # f1 of a: 2/3, of b: 4/5; c is neither there nor predicted
    assert report.scores["macro_f1"] == pytest.approx((2 / 3 + 4 / 5) / 2)
    expected = -torch.tensor([0.8, 0.3, 0.8, 0.6]).log().mean().item()
    assert report.scores["log_loss"] == pytest.approx(expected, abs=1e-6)


def test_each_class_has_scores_of_its_own_and_an_absent_one_has_zeros() -> None:
    by_class = _report().breakdowns["class"]

    of_order = {"roc_auc": 1.0, "average_precision": 1.0}
    assert by_class["a"] == pytest.approx(
        {"precision": 0.5, "recall": 1.0, "f1": 2 / 3, **of_order, "samples": 1}
    )
    assert by_class["b"]["recall"] == pytest.approx(2 / 3)
    assert {name for name, value in by_class["c"].items() if value == 0} == {
        *("precision", "recall", "f1", "samples")
    }
    assert math.isnan(by_class["c"]["roc_auc"])


def test_scores_of_the_order_are_means_over_the_classes_that_are_there() -> None:
    scores = _report().scores

    assert scores["balanced_accuracy"] == pytest.approx((1 + 2 / 3) / 2)
    assert scores["roc_auc"] == 1.0
    assert scores["average_precision"] == 1.0


def test_confusions_are_counted_by_the_true_class_and_the_predicted_one() -> None:
    assert _report().to_dict()["confusion"] == {
        "class_names": ("a", "b", "c"),
        "counts": [[1, 0, 0], [1, 2, 0], [0, 0, 0]],
    }
