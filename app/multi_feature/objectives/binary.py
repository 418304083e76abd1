"""Yes or no for each row.

Shapes: B rows of a batch, N rows.
"""

import torch
import torch.nn.functional as F
from torch import Tensor
from torchmetrics.functional import classification as metrics

from nested_lightning.app.evaluation_report import EvaluationReport
from nested_lightning.app.multi_feature.objectives.classes import ClassWeights, report_classes, weigh_classes
from nested_lightning.app.multi_feature.objectives.members import mean_of_sigmoids
from nested_lightning.app.multi_feature.objectives.thresholds import (
    Criterion,
    ThresholdObjective,
    matthews_correlation,
)
from nested_lightning.app.multi_feature.targets.specs import ClassTarget
from nested_lightning.app.tensors import to_double


class BinaryObjective(ThresholdObjective):
    """Binary cross-entropy of one logit, that of the positive class.

    Args:
        target: Two classes, of which the second is the positive one.
        class_weights: What a row counts in the loss by its class, see `ClassWeights`.
        label_smoothing: Share of the target that is given to both classes alike, in [0, 1).
        threshold: From which probability on the answer is the positive class: a number in [0, 1], or what
            is best on the validation part: the name of a `Criterion`.
    """

    class_weights: Tensor | None

    def __init__(
        self,
        *,
        target: ClassTarget,
        class_weights: ClassWeights = None,
        label_smoothing: float = 0.0,
        threshold: float | Criterion = "mcc",
    ) -> None:
        super().__init__(target=target, out_features=1, threshold=threshold)
        self.label_smoothing = label_smoothing
        self.register_buffer("class_weights", weigh_classes(target, class_weights))

    def forward(self, outputs: Tensor, target: Tensor) -> Tensor:
        """Return the loss of each row, [B], of logits of [B, 1] and class indices of [B]."""
        smooth = target.to(outputs.dtype) * (1 - self.label_smoothing) + self.label_smoothing / 2
        return F.binary_cross_entropy_with_logits(outputs[:, 0], smooth, reduction="none")

    def combine(self, outputs: Tensor) -> Tensor:
        """Return outputs of [B, 1] whose probabilities are the mean of members' of [B, M, 1]."""
        return mean_of_sigmoids(outputs)

    def decode(self, outputs: Tensor) -> Tensor:
        """Return the probabilities of both classes, float32 of [B, 2]."""
        logits = outputs.float()
        return torch.cat([torch.sigmoid(-logits), torch.sigmoid(logits)], dim=1)

    def scores(self, answers: Tensor, target: Tensor) -> dict[str, Tensor]:
        """Return scores of probabilities of [N, 2], see `score_binary`."""
        return score_binary(answers[:, 1], target, threshold=float(self.threshold))

    def baseline_scores(self, target: Tensor) -> dict[str, Tensor]:
        """Return the scores of always answering the training part's more frequent class."""
        return score_binary(self.target.shares[1].to(target.device).expand(len(target)), target)

    def report(self, answers: Tensor, target: Tensor) -> EvaluationReport:
        """Return the scores of probabilities of [N, 2], see `scores` and `report_classes`."""
        return report_classes(
            self.predictions(answers),
            target,
            shares=self.target.shares,
            more=self.scores(answers, target),
            more_baseline=self.baseline_scores(target),
        )


def score_binary(probability: Tensor, target: Tensor, *, threshold: float = 0.5) -> dict[str, Tensor]:
    """Return the scores of a classifier of two classes.

    They are ``accuracy``, ``balanced_accuracy``, ``f1`` (of the positive class) and ``mcc`` (Matthews'
    correlation coefficient) at the threshold; ``roc_auc`` and ``average_precision``, NaN where all rows are
    of one class; and the expected ``calibration_error`` (15 bins).

    Args:
        probability: Of the positive class, [N].
        target: Whether each row is of it, int64 of [N].
        threshold: From which probability on a row is taken for it.
    """
    probability, taken = probability.contiguous(), (probability >= threshold).long()
    tp, fp, tn, fn, _ = to_double(metrics.binary_stat_scores(taken, target)).unbind()
    recalls = [metrics.binary_recall(taken, target), metrics.binary_specificity(taken, target)]
    scores = {
        "accuracy": metrics.binary_accuracy(taken, target),
        "balanced_accuracy": torch.stack(recalls).mean(),
        "f1": metrics.binary_f1_score(taken, target),
        "mcc": matthews_correlation(tp, fp, fn, tn),
        "calibration_error": metrics.binary_calibration_error(probability, target, n_bins=15),
    }
    if target.min() == target.max():
        return scores | dict.fromkeys(("roc_auc", "average_precision"), torch.tensor(torch.nan))
    return scores | {
        "roc_auc": metrics.binary_auroc(probability, target),
        "average_precision": metrics.binary_average_precision(probability, target),
    }
