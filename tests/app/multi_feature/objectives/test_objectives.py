"""Losses, answers and scores of each objective, compared with others' or computed by hand."""

import math

import numpy as np
import pytest
import torch
from sklearn import metrics
from torch.nn import functional

from nested_lightning.app.errors import UserError
from nested_lightning.app.multi_feature.objectives.binary import BinaryObjective
from nested_lightning.app.multi_feature.objectives.choosing import choose_objective
from nested_lightning.app.multi_feature.objectives.classes import ClassesObjective
from nested_lightning.app.multi_feature.objectives.labels import LabelsObjective
from nested_lightning.app.multi_feature.objectives.numbers import CountsObjective, NumberObjective
from nested_lightning.app.multi_feature.objectives.several import SeveralObjective
from nested_lightning.app.multi_feature.targets.several import SeveralTargets
from nested_lightning.app.multi_feature.targets.specs import (
    ClassTarget,
    CountTarget,
    LabelTarget,
    NumberTarget,
)

YES_NO = ClassTarget(kind="binary", column="sold", names=("no", "yes"), counts=(9, 1))
PRICE = NumberTarget(column="price", mean=1e6, scale=1e5)
TAGS = LabelTarget(column="tags", names=("big", "old", "red"), counts=(6, 2, 5), num_rows=10, separator=";")


def _draw(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_binary_is_the_binary_cross_entropy_of_the_second_class() -> None:
    objective, outputs, target = BinaryObjective(target=YES_NO), _draw(6, 1), torch.tensor([0, 1] * 3)

    expected = functional.binary_cross_entropy_with_logits(outputs[:, 0], target.float(), reduction="none")
    torch.testing.assert_close(objective(outputs, target), expected)
    torch.testing.assert_close(objective.decode(outputs)[:, 1], outputs[:, 0].sigmoid())


def test_scores_of_yes_and_no_are_those_of_scikit_learn() -> None:
    objective, target = BinaryObjective(target=YES_NO), (_draw(200, seed=1) > 1).long()
    answers = objective.decode(_draw(200, 1) + target[:, None])
    objective.calibrate(answers, target)

    scores = objective.scores(answers, target)

    taken = answers[:, 1] >= objective.threshold
    assert scores["mcc"].item() == pytest.approx(metrics.matthews_corrcoef(target, taken), abs=1e-5)
    assert scores["f1"].item() == pytest.approx(metrics.f1_score(target, taken), abs=1e-5)
    assert scores["balanced_accuracy"].item() == pytest.approx(
        metrics.balanced_accuracy_score(target, taken), abs=1e-5
    )
    assert scores["roc_auc"].item() == pytest.approx(metrics.roc_auc_score(target, answers[:, 1]), abs=1e-5)
    assert scores["average_precision"].item() == pytest.approx(
        metrics.average_precision_score(target, answers[:, 1]), abs=1e-5
    )


def test_a_threshold_that_was_given_is_not_calibrated() -> None:
    objective = BinaryObjective(target=YES_NO, threshold=0.25)

    objective.calibrate(torch.tensor([[0.9, 0.1], [0.2, 0.8]]), torch.tensor([0, 1]))

    assert objective.threshold == 0.25


def test_the_same_answer_for_all_rows_has_no_correlation() -> None:
    truth = torch.tensor([1] + 10 * [0])
    objective = BinaryObjective(target=YES_NO)

    never = torch.tensor([[0.9, 0.1]]).expand(len(truth), -1)

    assert objective.baseline_scores(truth)["mcc"] == 0
    assert objective.scores(never, truth)["mcc"] == 0
    assert objective.scores(never, torch.zeros_like(truth))["mcc"] == 0


def test_a_part_of_one_class_has_no_order_to_score() -> None:
    objective = BinaryObjective(target=YES_NO)

    scores = objective.scores(objective.decode(_draw(4, 1)), torch.zeros(4, dtype=torch.int64))

    assert math.isnan(scores["roc_auc"])
    assert math.isfinite(scores["accuracy"])


def test_numbers_are_scored_in_the_units_of_the_file() -> None:
    objective, target = NumberObjective(target=PRICE), _draw(50)
    answers = objective.decode(_draw(50, 1, seed=1))
    truth = PRICE.mean + PRICE.scale * target.double()

    scores = objective.scores(answers, target)

    assert answers.dtype == torch.float64
    assert scores["mae"].item() == pytest.approx(metrics.mean_absolute_error(truth, answers[:, 0]))
    assert scores["rmse"].item() == pytest.approx(metrics.root_mean_squared_error(truth, answers[:, 0]))
    assert scores["r2"].item() == pytest.approx(metrics.r2_score(truth, answers[:, 0]))
    assert objective.baseline_scores(target)["rmse"].item() == pytest.approx(
        (truth - PRICE.mean).square().mean().sqrt().item()
    )


def test_quantiles_minimise_the_pinball_loss_and_never_cross() -> None:
    objective = NumberObjective(target=PRICE, quantiles=[0.5], interval=0.8)
    target = _draw(400)
    outputs = torch.zeros(1, 4, requires_grad=True)
    optimizer = torch.optim.Adam([outputs], lr=0.05)
    for _ in range(300):
        optimizer.zero_grad()
        objective(outputs.expand(400, -1), target).mean().backward()
        optimizer.step()

    found = outputs.detach()[0, 1:]
    assert objective.levels == (0.1, 0.5, 0.9)
    torch.testing.assert_close(found, torch.quantile(target, torch.tensor([0.1, 0.5, 0.9])), atol=0.1, rtol=0)
    crossing = objective.decode(torch.tensor([[0.0, 3.0, 2.0, 1.0]]))
    assert crossing[0, 1:].tolist() == sorted(crossing[0, 1:].tolist())


def test_an_interval_is_scored_by_its_coverage() -> None:
    objective = NumberObjective(target=PRICE, interval=0.5)
    outputs = torch.tensor([[0.0, -1.0, 1.0]]).expand(4, -1)

    scores = objective.scores(objective.decode(outputs), torch.tensor([0.0, 0.9, -2.0, 3.0]))

    assert scores["coverage"].item() == 0.5


def test_huber_is_linear_beyond_its_delta() -> None:
    objective = NumberObjective(target=PRICE, loss="huber", huber_delta=0.5)

    loss = objective(torch.tensor([[0.0], [0.0]]), torch.tensor([0.2, 10.0]))

    torch.testing.assert_close(loss, torch.tensor([0.02, 0.5 * (10 - 0.25)]))


def test_counts_begin_at_the_mean_and_are_scored_by_the_deviance() -> None:
    objective = CountsObjective(target=CountTarget(column="rides", mean=4.0))
    target = torch.tensor([0.0, 3.0, 9.0])

    rates = objective.decode(torch.zeros(3, 1))
    scores = objective.scores(rates, target)

    assert rates[:, 0].tolist() == pytest.approx([4.0] * 3)
    assert scores["poisson_deviance"].item() == pytest.approx(
        metrics.mean_poisson_deviance(target.numpy(), np.full(3, 4.0)), rel=1e-5
    )
    assert objective.baseline_scores(target)["mae"].item() == scores["mae"].item()


def test_counts_of_a_row_far_from_all_others_are_finite() -> None:
    objective = CountsObjective(target=CountTarget(column="rides", mean=4.0))
    outputs, target = torch.tensor([[1e9], [-1e9]]), torch.tensor([3.0, 5.0])

    rates = objective.decode(outputs)

    assert rates.isfinite().all()
    assert objective(outputs, target).isfinite().all()
    assert all(score.isfinite() for score in objective.scores(rates, target).values())


def test_labels_are_scored_as_by_scikit_learn_and_named_in_answers() -> None:
    objective, target = LabelsObjective(target=TAGS), (_draw(60, 3, seed=1) > 0.5).float()
    answers = objective.decode(_draw(60, 3) + target)
    objective.calibrate(answers, target)

    scores, predictions = objective.scores(answers, target), objective.predictions(answers)

    taken = (answers >= objective.threshold).int()
    assert scores["micro_f1"].item() == pytest.approx(
        metrics.f1_score(target, taken, average="micro"), abs=1e-5
    )
    assert scores["average_precision"].item() == pytest.approx(
        metrics.average_precision_score(target, answers, average="macro"), abs=1e-5
    )
    first = predictions.to_records()[0]
    assert first["prediction"] == ";".join(
        name for name, has in zip(TAGS.names, taken[0], strict=True) if has
    )
    assert first["probability_old"] == pytest.approx(answers[0, 1].item())


def test_one_label_is_scored_as_yes_and_no() -> None:
    one = LabelTarget(column="tags", names=("big",), counts=(6,), num_rows=10)
    objective, target = LabelsObjective(target=one), (_draw(60, 1, seed=1) > 0.5).float()
    answers = objective.decode(_draw(60, 1) + target)

    scores = objective.scores(answers, target)

    wanted = metrics.f1_score(target[:, 0], (answers[:, 0] >= 0.5).int())
    assert scores["micro_f1"].item() == pytest.approx(wanted)
    assert scores["macro_f1"].item() == pytest.approx(wanted)
    assert scores["average_precision"].item() == pytest.approx(
        metrics.average_precision_score(target[:, 0], answers[:, 0]), abs=1e-6
    )


def test_several_objectives_share_the_outputs_and_are_balanced_in_training_alone() -> None:
    both = SeveralTargets(targets={"price": PRICE, "sold": YES_NO})
    parts = {"price": NumberObjective(target=PRICE), "sold": BinaryObjective(target=YES_NO)}
    objective = SeveralObjective(target=both, objectives=parts, balance="uncertainty")
    outputs, truth = _draw(5, 2), {"price": _draw(5, seed=1), "sold": torch.tensor([0, 1, 1, 0, 1])}
    plain = parts["price"](outputs[:, :1], truth["price"]) + parts["sold"](outputs[:, 1:], truth["sold"])
    with torch.no_grad():
        for parameter in objective.parameters():
            parameter.fill_(1.0)

    assert objective.out_features == 2
    torch.testing.assert_close(objective.eval()(outputs, truth), plain)
    torch.testing.assert_close(objective.train()(outputs, truth), plain * math.exp(-1) + 1.0)
    answers = objective.decode(outputs)
    assert {"price_mae", "sold_mcc"} < set(objective.scores(answers, truth))
    assert objective.predictions(answers).to_table().column_names == [
        *("price_prediction", "sold_prediction", "sold_probability_no", "sold_probability_yes"),
    ]
    assert objective.report(answers, truth).breakdowns.keys() == {"class of sold"}


def test_what_is_chosen_follows_from_the_target() -> None:
    assert isinstance(choose_objective(target=YES_NO), BinaryObjective)
    assert isinstance(choose_objective(target=PRICE, label_smoothing=0.0), NumberObjective)
    classes = choose_objective(target=ClassTarget(column="c", names=("a", "b"), counts=(1, 1)))
    assert isinstance(classes, ClassesObjective)
    assert classes.label_smoothing == 0.1


def test_weights_of_classes_are_refused_where_there_are_none() -> None:
    with pytest.raises(UserError, match=r"objective\.class_weights is for classes, .* 'price' is number"):
        choose_objective(target=PRICE, class_weights="balanced")


def test_a_class_that_no_row_is_taken_for_is_a_note() -> None:
    objective = BinaryObjective(target=YES_NO, threshold=0.9)

    report = objective.report(torch.tensor([[0.8, 0.2], [0.4, 0.6]]), torch.tensor([0, 1]))

    assert report.notes == ["no row is taken for the class 'yes'"]
    assert report.baseline["accuracy"] == 0.5
    assert report.baseline["mcc"] == report.scores["mcc"] == 0
