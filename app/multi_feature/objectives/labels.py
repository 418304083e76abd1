"""Any number of labels for each row.

Shapes: B rows of a batch, N rows, K labels.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torchmetrics.functional.classification import multilabel_average_precision, multilabel_f1_score

from nested_lightning.app.multi_feature.objectives.members import mean_of_sigmoids
from nested_lightning.app.multi_feature.objectives.thresholds import ThresholdObjective
from nested_lightning.app.multi_feature.targets.specs import LabelTarget


class LabelsObjective(ThresholdObjective):
    """Binary cross-entropy of K labels, each with a logit.

    Args:
        target: The labels.
        threshold: From which probability on a row has a label, in [0, 1]; None: that with the best F1 of
            all labels together on the validation part.
    """

    def __init__(self, *, target: LabelTarget, threshold: float | None = None) -> None:
        super().__init__(
            target=target,
            out_features=len(target.names),
            threshold="f1" if threshold is None else threshold,
        )

    def forward(self, outputs: Tensor, target: Tensor) -> Tensor:
        """Return the loss of each row, [B], of logits and labels (0 or 1) of [B, K]."""
        return F.binary_cross_entropy_with_logits(outputs, target, reduction="none").mean(dim=1)

    def combine(self, outputs: Tensor) -> Tensor:
        """Return outputs of [B, K] whose probabilities are the mean of members' of [B, M, K]."""
        return mean_of_sigmoids(outputs)

    def decode(self, outputs: Tensor) -> Tensor:
        """Return the probability of each label, float32 of [B, K]."""
        return outputs.float().sigmoid()

    def scores(self, answers: Tensor, target: Tensor) -> dict[str, Tensor]:
        """Return ``micro_f1`` and ``macro_f1`` at the threshold, and the mean ``average_precision``."""
        taken, labels = (answers >= self.threshold).long(), target.long()
        of_labels: Any = {"num_labels": self.out_features, "validate_args": False}  # one label is allowed
        return {
            "micro_f1": multilabel_f1_score(taken, labels, average="micro", **of_labels),
            "macro_f1": multilabel_f1_score(taken, labels, average="macro", **of_labels),
            "average_precision": multilabel_average_precision(answers, labels, **of_labels),
        }

    def baseline_scores(self, target: Tensor) -> dict[str, Tensor]:
        """Return the scores of always answering the labels that most training rows have."""
        counts = torch.tensor(self.target.counts, dtype=torch.float32, device=target.device)
        most = (counts / self.target.num_rows >= 0.5).float()
        return self.scores(most.expand(len(target), -1), target)
