"""What an evaluation gives: numbers for the whole, and numbers for each part."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from nested_lightning.app.html_tables import html_table

Scores = dict[str, float]
Labels = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class EvaluationReport:
    """Scores of a composite on one part of its data.

    Attributes:
        num_samples: Number of samples that were scored.
        scores: Scores of the whole by name.
        breakdown: Scores of each part by name, by the part's name, e.g. of each class.
        breakdown_by: What the parts are, e.g. ``class``.
        further_breakdowns: More of the same, by what their parts are.
        baseline: What is easily reached, for some of the scores by name.
    """

    num_samples: int
    scores: dict[str, float]
    breakdown: dict[str, dict[str, float]] = field(default_factory=dict)
    breakdown_by: str = "part"
    further_breakdowns: dict[str, dict[str, dict[str, float]]] = field(default_factory=dict)
    baseline: dict[str, float] = field(default_factory=dict)

    @property
    def breakdowns(self) -> dict[str, dict[str, dict[str, float]]]:
        """All breakdowns that there are, by what their parts are."""
        first = {self.breakdown_by: self.breakdown} if self.breakdown else {}
        return first | self.further_breakdowns

    def to_dict(self) -> dict[str, Any]:
        """Return plain data, e.g. for JSON."""
        return {
            "num_samples": self.num_samples,
            "scores": self.scores,
            **({"baseline": self.baseline} if self.baseline else {}),
            **{f"by_{parts.replace(' ', '_')}": scores for parts, scores in self.breakdowns.items()},
        }

    def _repr_html_(self) -> str:
        baseline = {name: {"baseline": value} for name, value in self.baseline.items()}
        scores = {name: {"score": value} | baseline.get(name, {}) for name, value in self.scores.items()}
        tables = {f"{self.num_samples} samples": scores} | {f"By {k}": v for k, v in self.breakdowns.items()}
        return "".join(html_table(title, rows) for title, rows in tables.items())


def score_classes(
    target: Labels, predicted: Labels, class_names: Sequence[str]
) -> tuple[Scores, dict[str, Scores]]:
    """Return accuracy and macro F1, and precision, recall, F1 and number of samples of each class.

    Args:
        target: Class indices of [N].
        predicted: Class indices of [N].
        class_names: The class of each index.
    """
    from sklearn import metrics  # half a second, not before it is needed

    columns = metrics.precision_recall_fscore_support(
        target, predicted, labels=range(len(class_names)), zero_division=0.0
    )
    scores = {
        "accuracy": float(metrics.accuracy_score(target, predicted)),
        "macro_f1": float(metrics.f1_score(target, predicted, average="macro", zero_division=0.0)),
    }
    breakdown = {
        name: {"precision": float(p), "recall": float(r), "f1": float(f), "samples": float(n)}
        for name, p, r, f, n in zip(class_names, *columns, strict=True)
    }
    return scores, breakdown
