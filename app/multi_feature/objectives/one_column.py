"""What objectives of a single column have in common.

Shapes: B rows of a batch, N rows.
"""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from nested_lightning.app.evaluation_report import EvaluationReport
from nested_lightning.app.multi_feature.objectives.predictions import predictions_of
from nested_lightning.app.multi_feature.targets.specs import Target


class OneColumnObjective(nn.Module):
    """An objective whose answers are scored beside a constant one.

    Args:
        target: The column.
        out_features: Outputs of a head that it needs.
    """

    def __init__(self, *, target: Target, out_features: int) -> None:
        super().__init__()
        self.target: Any = target
        self.out_features = out_features

    def row_weights(self, target: Tensor) -> Tensor | None:
        """Return what each row counts, [B], by its class; None: all alike."""
        weights: Tensor | None = getattr(self, "class_weights", None)
        return None if weights is None else weights[target]

    @abstractmethod
    def scores(self, answers: Tensor, target: Tensor) -> dict[str, Tensor]:
        """Return the scores of what is decoded of N rows."""

    @abstractmethod
    def baseline_scores(self, target: Tensor) -> dict[str, Tensor]:
        """Return the scores of a constant answer to N rows."""

    @property
    def decoding(self) -> dict[str, Any]:
        """What `predictions_of` needs besides what is decoded."""
        return {}

    def predictions(self, answers: Tensor) -> Any:
        """Return what is decoded of N rows, in the units and names of the file, see `predictions_of`."""
        return predictions_of(self.target, answers, self.decoding)

    def report(self, answers: Tensor, target: Tensor) -> EvaluationReport:
        """Return the scores of what is decoded of N rows."""
        return EvaluationReport(
            num_samples=len(target),
            scores=to_floats(self.scores(answers, target)),
            baseline=to_floats(self.baseline_scores(target)),
        )


def to_floats(scores: Mapping[str, Tensor]) -> dict[str, float]:
    """Return scores as plain numbers."""
    return {name: float(value) for name, value in scores.items()}
