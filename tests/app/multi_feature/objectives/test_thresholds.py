"""Thresholds, compared with every other one."""

import pytest
import torch
from sklearn.metrics import f1_score, matthews_corrcoef

from nested_lightning.app.multi_feature.objectives.thresholds import best_threshold


def _rows(num: int = 200, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    is_positive = torch.rand(num, generator=generator) < 0.1
    probability = (0.1 * torch.rand(num, generator=generator) + 0.05 * is_positive).round(decimals=3)
    return probability, is_positive


@pytest.mark.parametrize("seed", range(3))
def test_no_other_threshold_is_better_by_more_than_a_standard_error(seed: int) -> None:
    probability, is_positive = _rows(seed=seed)

    for criterion, score in (("mcc", matthews_corrcoef), ("f1", f1_score)):
        found = best_threshold(probability, is_positive, criterion)  # type: ignore[arg-type]
        assert found is not None
        all_scores = [score(is_positive, probability >= one) for one in [0.0, *probability.tolist(), 1.0]]
        error = (1 - max(all_scores) ** 2) / len(probability) ** 0.5
        assert score(is_positive, probability >= found) >= max(all_scores) - error


def test_of_thresholds_that_few_rows_cannot_tell_apart_it_is_a_half() -> None:
    probability = torch.tensor([0.2] * 40 + [0.8] * 40 + [0.45])
    is_positive = torch.tensor([0] * 30 + [1] * 10 + [0] * 10 + [1] * 30 + [1]) == 1  # 0.3 is right once more

    assert best_threshold(probability, is_positive, "mcc") == 0.5


def test_it_lies_between_two_probabilities() -> None:
    probability = torch.tensor([0.1, 0.2, 0.4, 0.8])

    assert best_threshold(probability, torch.tensor([0, 0, 1, 1]) == 1, "mcc") == pytest.approx(0.3)


def test_rows_of_one_class_have_none() -> None:
    assert best_threshold(torch.tensor([0.1, 0.2]), torch.tensor([True, True]), "mcc") is None


@pytest.mark.parametrize("probability", [0.1, 1.0])
@pytest.mark.parametrize(("is_positive", "is_taken"), [([1, 0, 0], False), ([1, 1, 0], True)])
def test_where_all_rows_look_alike_the_more_frequent_class_is_the_answer(
    probability: float, is_positive: list[int], is_taken: bool
) -> None:
    probabilities = torch.full((3,), probability)

    found = best_threshold(probabilities, torch.tensor(is_positive) == 1, "mcc")

    assert (probabilities >= torch.tensor(found)).tolist() == [is_taken] * 3


def test_no_row_is_positive_where_that_has_the_best_score() -> None:
    probability = torch.tensor([0.1, 0.2, 0.3, 0.9])

    found = best_threshold(probability, torch.tensor([1, 0, 0, 0]) == 1, "accuracy")

    assert found is not None
    assert found > 0.9
