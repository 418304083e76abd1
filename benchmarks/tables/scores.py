"""What a model answers to the rows that judge it, and how good that is."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.metrics import accuracy_score, log_loss, r2_score, roc_auc_score, root_mean_squared_error

from benchmarks.tables.real_table import RealTable, Task

Truth = npt.NDArray[np.float64] | npt.NDArray[np.int64]

RANKED_BY = {"binary": "auroc", "classes": "accuracy", "number": "rmse"}
"""Two classes go by AUROC: of the ten tables, one has 3 % positives, and another 88 %, where the accuracy of the
constant answer is nearly that of the best, and turns on where a threshold is set."""


@dataclass(frozen=True, kw_only=True)
class Answers:
    """Attributes:
    values: Places of classes [N], or numbers [N, T].
    probabilities: Of the classes in order [N, C]; none for numbers.
    """

    values: Truth
    probabilities: npt.NDArray[np.float64] | None = None


def scores(table: RealTable, rows: npt.NDArray[np.int64], answers: Answers) -> dict[str, float]:
    """Return all scores by name. Those of several columns of numbers are the mean of each column's."""
    truth = table.truth[rows]
    if answers.probabilities is None:
        return {
            "rmse": float(root_mean_squared_error(truth, answers.values)),
            "r2": float(r2_score(truth, answers.values)),
        }
    probabilities = answers.probabilities.astype(np.float64)
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    return {
        "accuracy": float(accuracy_score(truth, answers.values)),
        "log_loss": float(log_loss(truth, probabilities, labels=range(len(table.classes)))),
        "auroc": _auroc(table.task, truth, probabilities),
    }


def _auroc(task: Task, truth: Truth, probabilities: npt.NDArray[np.float64]) -> float:
    if task == "binary":
        return float(roc_auc_score(truth, probabilities[:, 1]))
    return float(roc_auc_score(truth, probabilities, multi_class="ovr"))
