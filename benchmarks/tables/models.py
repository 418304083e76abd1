"""All models by name: this project's, and its rivals with their defaults."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from benchmarks.tables.folds import Parts, Rows
from benchmarks.tables.real_table import RealTable
from benchmarks.tables.scores import Answers

OURS = "ours"
RIVALS = (
    "hist_gradient_boosting",
    "catboost",
    "lightgbm",
    "random_forest",
    "svm",
    "linear",
    "realmlp",
)

Train = Callable[[RealTable, Parts, int], Callable[[Rows], Answers]]


def model(name: str, more: Mapping[str, Any]) -> Train:
    """Return what trains a model; its packages are imported now, and so not counted as training.

    Args:
        name: `OURS` or one of `RIVALS`.
        more: Settings of ours alone.
    """
    if name == OURS:
        from benchmarks.tables import ours

        return partial(ours.train, more=more)
    from benchmarks.tables import rivals

    return partial(rivals.train, rivals.FITTED[name])
