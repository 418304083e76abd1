"""One of several classes for each row.

Shapes: B rows of a batch, N rows, C classes.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, TypeAlias

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from torchmetrics.functional.classification import multiclass_accuracy, multiclass_f1_score

from nested_lightning.app.errors import UserError, did_you_mean
from nested_lightning.app.evaluation_report import EvaluationReport, Labels, Numbers, Scores, score_classes
from nested_lightning.app.multi_feature.objectives.one_column import OneColumnObjective, to_floats
from nested_lightning.app.multi_feature.objectives.predictions import ClassPredictions, Values
from nested_lightning.app.multi_feature.targets.specs import ClassTarget

ClassWeights: TypeAlias = Literal["balanced"] | Mapping[str, float] | None
"""``balanced``: the inverse of the count in the training part, mean over rows 1; or by name, others 1."""


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

    def report(self, answers: Tensor, target: Tensor) -> EvaluationReport:
        """Return the scores of probabilities of [N, C], see `report_classes`."""
        return report_classes(self.predictions(answers), target, shares=self.target.shares)


def weigh_classes(target: ClassTarget, weights: ClassWeights) -> Tensor | None:
    """Return the weights of C classes, float32 of [C], or None for all alike.

    Raises:
        UserError: A weight names an unknown class.
    """
    if weights is None:
        return None
    names = target.names
    if weights == "balanced":
        counts = torch.tensor(target.counts, dtype=torch.float32)
        return counts.sum() / (len(names) * counts)
    for name in weights:
        if name not in names:
            raise UserError(
                f"multi_feature.objective.class_weights.{name}: no such class{did_you_mean(name, names)} "
                f"(allowed: {', '.join(names)})"
            )
    return torch.tensor([weights.get(name, 1.0) for name in names], dtype=torch.float32)


def report_classes(
    predictions: ClassPredictions,
    target: Tensor,
    *,
    shares: Tensor,
    more: Mapping[str, Tensor] = MappingProxyType({}),
    more_baseline: Mapping[str, Tensor] = MappingProxyType({}),
) -> EvaluationReport:
    """Return the scores of classes, see `ClassScores`, with the log loss, beside those of a constant answer.

    Args:
        predictions: Of N rows.
        target: Class index of each, [N].
        shares: Share of each class in the training part, [C], which is the constant answer.
        more: Further scores, which go before those of the same name.
        more_baseline: The same of the constant answer.
    """
    labels, names = target.cpu().numpy(), predictions.class_names
    probabilities = _exact(predictions.probabilities)
    found = score_classes(labels, probabilities, names, predicted=predictions.indices)
    constant = _exact(shares.expand(len(labels), -1))
    scores = found.scores | _log_loss(labels, probabilities) | to_floats(more)
    baseline = score_classes(labels, constant, names).scores | _log_loss(labels, constant)
    baseline |= to_floats(more_baseline)
    return EvaluationReport(
        num_samples=len(labels),
        scores=scores,
        baseline={name: value for name, value in baseline.items() if name in scores},
        breakdown=found.breakdown,
        breakdown_by="class",
        confusions={"": found.confusion},
        notes=predictions.notes,
    )


def _exact(probabilities: Values) -> Numbers:
    """Return probabilities whose sum is 1 in 64 bits too, which scikit-learn warns of otherwise."""
    given = torch.as_tensor(probabilities).double()
    exact: Numbers = (given / given.sum(dim=1, keepdim=True)).numpy()
    return exact


def _log_loss(labels: Labels, probabilities: Numbers) -> Scores:
    from sklearn.metrics import log_loss  # takes half a second to import

    value = log_loss(labels, np.asarray(probabilities), labels=range(probabilities.shape[1]))
    return {"log_loss": float(value)}
