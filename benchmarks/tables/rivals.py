"""What the rivals have in common: from an estimator of scikit-learn's kind to answers.

All have their defaults and one thread. Those that stop early, or keep their best iteration, do it by the rows
that choose our epoch; the rest train on these rows too, as they have no other use for them.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.dummy import DummyRegressor

from benchmarks.tables.folds import Parts, Rows
from benchmarks.tables.real_table import RealTable
from benchmarks.tables.scores import Answers

Fit = Callable[[RealTable, Parts, Any, int], Any]
"""From a table, its parts, a column to predict [N] and a seed to an estimator that predicts."""


def train(fit: Fit, table: RealTable, parts: Parts, seed: int) -> Callable[[Rows], Answers]:
    """Train a model, or one for each column of numbers, and return what answers for other rows."""
    if table.task == "number":
        fitted = [_fitted(fit, table, parts, column, seed) for column in table.truth.T]
        return lambda rows: _numbers(fitted, table.features.iloc[rows])
    classifier = fit(table, parts, table.truth, seed)
    return lambda rows: _classes(classifier, table.features.iloc[rows])


def _fitted(fit: Fit, table: RealTable, parts: Parts, column: Any, seed: int) -> Any:
    """Return a model of a column of numbers; one that knows a single number answers it."""
    if np.ptp(column[parts.train]) == 0:
        return DummyRegressor().fit(table.features.iloc[parts.train], column[parts.train])
    return fit(table, parts, column, seed)


def _numbers(fitted: list[Any], features: Any) -> Answers:
    return Answers(values=np.column_stack([one.predict(features) for one in fitted]))


def _classes(classifier: Any, features: Any) -> Answers:
    probabilities = classifier.predict_proba(features)
    return Answers(values=probabilities.argmax(axis=1), probabilities=probabilities)
