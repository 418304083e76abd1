"""One of several classes for each row.

Shapes: B rows of a batch, N rows, C classes.
"""

from typing import Any

import torch.nn.functional as F
from torch import Tensor
from torchmetrics.functional.classification import multiclass_accuracy, multiclass_f1_score

from nested_lightning.app.evaluation_report import EvaluationReport
from nested_lightning.app.multi_feature.objectives.class_weights import ClassWeights, weigh_classes
from nested_lightning.app.multi_feature.objectives.one_column import OneColumnObjective
from nested_lightning.app.multi_feature.objectives.reports import report_classes
from nested_lightning.app.multi_feature.targets.specs import ClassTarget


class ClassesObjective(OneColumnObjective):
    """Cross-entropy of C classes, whose logits are a head's outputs.

    Args:
        target: The classes.
        class_weights: What a row counts in the loss by its class, see `ClassWeights`.
        label_smoothing: Share of the target that is given to all classes alike, in [0, 1).
    """

    class_weights: Tensor | None

    def __init__(
        self, *, target: ClassTarget, class_weights: ClassWeights = None, label_smoothing: float = 0.1
    ) -> None:
        super().__init__(target=target, out_features=len(target.names))
        self.label_smoothing = label_smoothing
        self.register_buffer("class_weights", weigh_classes(target, class_weights))

    def forward(self, outputs: Tensor, target: Tensor) -> Tensor:
        """Return the loss of each row, [B], of logits of [B, C] and class indices of [B]."""
        return F.cross_entropy(outputs, target, label_smoothing=self.label_smoothing, reduction="none")

    def combine(self, outputs: Tensor) -> Tensor:
        """Return outputs of [B, C] whose probabilities are the mean of members' of [B, M, C]."""
        return outputs.log_softmax(dim=2).logsumexp(dim=1)

    def decode(self, outputs: Tensor) -> Tensor:
        """Return probabilities, float32 of [B, C]."""
        return outputs.float().softmax(dim=1)

    def scores(self, answers: Tensor, target: Tensor) -> dict[str, Tensor]:
        """Return ``accuracy`` and ``macro_f1`` of probabilities of [N, C]."""
        num_classes = self.out_features
        return {
            "accuracy": multiclass_accuracy(answers, target, num_classes, average="micro"),
            "macro_f1": multiclass_f1_score(answers, target, num_classes, average="macro"),
        }

    def baseline_scores(self, target: Tensor) -> dict[str, Tensor]:
        """Return the scores of always answering the training part's most frequent class."""
        return self.scores(self.target.shares.to(target.device).expand(len(target), -1), target)

    @property
    def decoding(self) -> dict[str, Any]:
        """What `predictions_of` needs besides what `decode` gives."""
        return {"threshold": None}

    def report(self, answers: Tensor, target: Tensor) -> EvaluationReport:
        """Return the scores of probabilities of [N, C], see `report_classes`."""
        return report_classes(self.predictions(answers), target, shares=self.target.shares)
