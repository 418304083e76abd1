"""All models by name: this project's and its rivals."""

from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from typing import Any

from benchmarks.tables.folds import Parts, Rows
from benchmarks.tables.real_table import RealTable
from benchmarks.tables.scores import Answers

OURS = "ours"
RIVALS = {
    "hist_gradient_boosting": "boosted",
    "hist_gradient_boosting_all_rows": "classical",
    "lightgbm": "boosted",
    "catboost": "boosted",
    "random_forest": "classical",
    "svm": "classical",
    "linear": "classical",
    "realmlp": "realmlp",
}
"""Each rival's module, where a function of its name fits it."""

Train = Callable[[RealTable, Parts, int], Callable[[Rows], Answers]]


def model(name: str, more: Mapping[str, Any]) -> Train:
    """Return what trains a model. Its packages are imported now, and so not counted as training.

    Args:
        name: `OURS` or one of `RIVALS`.
        more: Settings of ours alone.
    """
    if name == OURS:
        return partial(import_module("benchmarks.tables.ours").train, more=more)
    from benchmarks.tables import rivals

    return partial(rivals.train, getattr(import_module(f"benchmarks.tables.{RIVALS[name]}"), name))
