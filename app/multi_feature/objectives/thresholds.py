"""Above which probability the answer is yes: the threshold that is best on given rows.

Shapes: N rows.
"""

from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeAlias

import torch
from torch import Tensor

from nested_lightning.app.multi_feature.objectives.one_column import OneColumnObjective

Criterion: TypeAlias = Literal["mcc", "f1", "balanced_accuracy", "accuracy"]

_Score: TypeAlias = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]
"""Takes true and false positives, false and true negatives at each threshold."""

_USUAL = 0.5

_ABOVE_ALL = 1 + 1e-5
"""Half-way to it from a probability of 1 is more than 1, in 32 bits too."""


class ThresholdObjective(OneColumnObjective):
    """An objective whose answer is yes from a probability on.

    Args:
        threshold: The probability, in [0, 1], or by what it is the best on the validation part.
        **options: See `OneColumnObjective`.

    Attributes:
        threshold: The probability, float32 of [], of which checkpoints keep the value; 0.5 until there was a
            validation.
    """

    threshold: Tensor

    def __init__(self, *, threshold: float | Criterion, **options: Any) -> None:
        super().__init__(**options)
        self.criterion: Criterion | None = threshold if isinstance(threshold, str) else None
        given = 0.5 if isinstance(threshold, str) else threshold
        self.register_buffer("threshold", torch.tensor(given, dtype=torch.float32))

    def calibrate(self, answers: Tensor, target: Tensor) -> None:
        """Take the threshold that is best for what `decode` gives of N rows, unless one was given."""
        if self.criterion is not None:
            yes = answers[:, -self.out_features :].flatten().cpu()  # of two classes, the second
            found = best_threshold(yes, target.flatten().cpu() == 1, self.criterion)
            if found is not None:
                self.threshold.fill_(found)

    @property
    def decoding(self) -> dict[str, Any]:
        """What `predictions_of` needs besides what `decode` gives."""
        return {"threshold": float(self.threshold)}


def best_threshold(probabilities: Tensor, is_positive: Tensor, criterion: Criterion) -> float | None:
    """Return a threshold with nearly the best score; None where the rows are all of one class.

    Few rows can't tell good thresholds apart: of those whose score and share of right answers are within a
    standard error of the best one's, it is the one nearest to 1/2. Others than 1/2 lie half-way between two
    probabilities that occur, or above or below all of them; rows at it and above are positive.

    Args:
        probabilities: Of being positive, [N], in [0, 1].
        is_positive: Whether each row is, [N].
        criterion: What is best: Matthews' correlation coefficient, F1, the mean recall of both classes, or
            the share of right answers.
    """
    probability_N, order = probabilities.double().sort(descending=True)
    true_N = is_positive[order].double().cumsum(0)
    num_positive, num_rows = true_N[-1:], len(probability_N)
    if num_positive in (0, num_rows):
        return None
    is_last = torch.cat([probability_N[:-1] != probability_N[1:], torch.ones(1, dtype=torch.bool)])
    none = torch.zeros(1, dtype=torch.float64)
    tp = torch.cat([none, true_N[is_last]])
    fp = torch.cat([none, torch.arange(1, num_rows + 1, dtype=torch.float64)[is_last]]) - tp
    counts = (tp, fp, num_positive - tp, num_rows - num_positive - fp)
    score = _SCORES[criterion](*counts)
    edges = torch.cat([none + _ABOVE_ALL, probability_N[is_last], none])
    middle = (edges[:-1] + edges[1:]) / 2
    threshold = torch.where((edges[1:] < _USUAL) & (edges[:-1] > _USUAL), _USUAL, middle)
    accuracy = _accuracy(*counts)
    best = torch.where(score == score.max(), accuracy, -1.0).argmax()
    is_good = torch.ones_like(score, dtype=torch.bool)
    for each in (score, accuracy):
        is_good &= each >= each[best] - (1 - each[best] ** 2) / num_rows**0.5
    return float(threshold[torch.where(is_good, (threshold - _USUAL).abs(), torch.inf).argmin()])


def matthews_correlation(tp: Tensor, fp: Tensor, fn: Tensor, tn: Tensor) -> Tensor:
    """Return Matthews' correlation coefficient, 0 where all answers or all rows are of one class.

    True and false positives, false and true negatives are float64 of one shape, any.
    """
    product = (tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)
    return (tp * tn - fp * fn) / product.clamp(min=1).sqrt()


def _f1(tp: Tensor, fp: Tensor, fn: Tensor, _tn: Tensor) -> Tensor:
    return 2 * tp / (2 * tp + fp + fn)


def _balanced_accuracy(tp: Tensor, fp: Tensor, fn: Tensor, tn: Tensor) -> Tensor:
    return (tp / (tp + fn) + tn / (tn + fp)) / 2


def _accuracy(tp: Tensor, fp: Tensor, fn: Tensor, tn: Tensor) -> Tensor:
    return (tp + tn) / (tp + fp + fn + tn)


_SCORES: Mapping[Criterion, _Score] = {
    "mcc": matthews_correlation,
    "f1": _f1,
    "balanced_accuracy": _balanced_accuracy,
    "accuracy": _accuracy,
}
