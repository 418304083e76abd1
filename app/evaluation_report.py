"""What an evaluation gives: numbers for the whole, and numbers for each part.

Shapes: N samples, C classes.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from nested_lightning.app.html_tables import html_table

Scores = dict[str, float]
Labels = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.floating]


@dataclass(frozen=True, kw_only=True)
class Confusion:
    """How often each class is taken for which: samples by true, then by predicted class, C lists of C."""

    class_names: Sequence[str]
    counts: Sequence[Sequence[int]]

    @property
    def wrong(self) -> list[tuple[str, str, int]]:
        """True class, predicted class and number of samples of each mistake, the most frequent first."""
        mistakes = [
            (true, predicted, count)
            for true, row in zip(self.class_names, self.counts, strict=True)
            for predicted, count in zip(self.class_names, row, strict=True)
            if true != predicted and count
        ]
        return sorted(mistakes, key=lambda one: -one[2])


@dataclass(frozen=True, kw_only=True)
class EvaluationReport:
    """Scores of a composite on one part of its data.

    Attributes:
        scores: Scores of the whole by name.
        breakdown: Scores of each part by name, by the part's name, e.g. of each class.
        breakdown_by: What the parts are, e.g. ``class``.
        further_breakdowns: More of the same, by what their parts are.
        baseline: What is easily reached, for some of the scores by name.
        confusions: Which classes are taken for which, by what they are classes of; empty: the whole.
        notes: What stands out, in a sentence each.
    """

    num_samples: int
    scores: dict[str, float]
    breakdown: dict[str, dict[str, float]] = field(default_factory=dict)
    breakdown_by: str = "part"
    further_breakdowns: dict[str, dict[str, dict[str, float]]] = field(default_factory=dict)
    baseline: dict[str, float] = field(default_factory=dict)
    confusions: dict[str, Confusion] = field(default_factory=dict)
    notes: Sequence[str] = ()

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
            **{
                f"confusion_of_{name}" if name else "confusion": asdict(one)
                for name, one in self.confusions.items()
            },
            **({"notes": list(self.notes)} if self.notes else {}),
        }

    def _repr_html_(self) -> str:
        baseline = {name: {"baseline": value} for name, value in self.baseline.items()}
        scores = {name: {"score": value} | baseline.get(name, {}) for name, value in self.scores.items()}
        tables = {f"{self.num_samples} samples": scores} | {f"By {k}": v for k, v in self.breakdowns.items()}
        return "".join(html_table(title, rows) for title, rows in tables.items())


@dataclass(frozen=True, kw_only=True)
class ClassScores:
    """Scores of a classifier.

    Attributes:
        scores: ``accuracy``, ``balanced_accuracy`` (mean recall), ``macro_f1``, and where they are defined
            ``roc_auc`` and ``average_precision``: means over the classes, each against the rest.
        breakdown: Precision, recall, F1, the same two and the number of samples, by class; NaN: not defined.
        confusion: Which classes are taken for which.
    """

    scores: Scores
    breakdown: dict[str, Scores]
    confusion: Confusion


def score_classes(
    target: Labels, probabilities: Numbers, class_names: Sequence[str], *, predicted: Labels | None = None
) -> ClassScores:
    """Score what is predicted, and the order that probabilities make.

    They are of true class indices, [N], probabilities, [N, C], and predicted class indices, [N]; None: the
    most probable ones.
    """
    from sklearn import metrics  # half a second, not before it is needed

    classes = range(len(class_names))
    predicted_N = probabilities.argmax(axis=1) if predicted is None else predicted
    counts_CC = metrics.confusion_matrix(target, predicted_N, labels=classes)
    precision, recall, f1, samples = metrics.precision_recall_fscore_support(
        target, predicted_N, labels=classes, zero_division=0.0
    )
    orders = [_score_order(target == index, probabilities[:, index]) for index in classes]
    auc, average_precision = np.array(orders).T
    means = {"roc_auc": auc, "average_precision": average_precision}
    columns = {"precision": precision, "recall": recall, "f1": f1, **means, "samples": samples}
    return ClassScores(
        scores={
            "accuracy": float((target == predicted_N).mean()),
            "balanced_accuracy": float(recall[samples > 0].mean()),
            "macro_f1": float(metrics.f1_score(target, predicted_N, average="macro", zero_division=0.0)),
            **{name: float(np.nanmean(each)) for name, each in means.items() if not np.isnan(each).all()},
        },
        breakdown={
            name: {column: float(values[index]) for column, values in columns.items()}
            for index, name in enumerate(class_names)
        },
        confusion=Confusion(class_names=tuple(class_names), counts=counts_CC.tolist()),
    )


def _score_order(is_class: npt.NDArray[np.bool_], probability: Numbers) -> tuple[float, float]:
    """Return ROC AUC and average precision of one class against the rest; NaN where one of both is empty."""
    from sklearn.metrics import average_precision_score, roc_auc_score

    if is_class.all() or not is_class.any():
        return np.nan, np.nan
    return (
        float(roc_auc_score(is_class, probability)),
        float(average_precision_score(is_class, probability)),
    )
