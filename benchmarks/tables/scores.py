"""What a model answers to the rows that judge it, and how good that is."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.metrics import accuracy_score, log_loss, r2_score, roc_auc_score, root_mean_squared_error

from benchmarks.tables.real_table import RealTable, Truth

RANKED_BY: tuple[str, ...] = ("rmse", "auroc", "accuracy")
"""The first of these that a table has. Two classes go by AUROC: one table has 3 % positives and another 88 %,
where accuracy is nearly that of the same answer for all rows, and turns on where a threshold is set."""


@dataclass(frozen=True, kw_only=True)
class Answers:
    """Answers to N rows.

    Attributes:
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
    found = {
        "accuracy": float(accuracy_score(truth, answers.values)),
        "log_loss": float(log_loss(truth, probabilities, labels=range(len(table.classes)))),
    }
    is_binary = table.task == "binary"
    return {**found, "auroc": float(roc_auc_score(truth, probabilities[:, 1]))} if is_binary else found
