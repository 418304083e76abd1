"""Models that stop by no rows, and so train on the validation rows too."""

from typing import Any

import numpy as np
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor, make_column_selector, make_column_transformer
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import SVC, SVR

from benchmarks.tables.folds import Parts
from benchmarks.tables.real_table import RealTable


def hist_gradient_boosting_all_rows(table: RealTable, parts: Parts, truth: Any, seed: int) -> Any:
    """Return HistGradientBoosting as it is by itself: below 10,000 rows it doesn't stop early."""
    kind = HistGradientBoostingRegressor if table.task == "number" else HistGradientBoostingClassifier
    return _fit([kind(random_state=seed)], table, parts, truth)


def random_forest(table: RealTable, parts: Parts, truth: Any, seed: int) -> Any:
    """Return a random forest on one-hot categories."""
    kind = RandomForestRegressor if table.task == "number" else RandomForestClassifier
    return _fit([_one_hot(), kind(random_state=seed)], table, parts, truth)


def svm(table: RealTable, parts: Parts, truth: Any, _: int) -> Any:
    """Return an RBF machine on standardised features; of classes, with calibrated probabilities."""
    regressor = TransformedTargetRegressor(SVR(), transformer=StandardScaler())
    classifier = CalibratedClassifierCV(SVC(), ensemble=False)
    return _fit([*_standardised(), regressor if table.task == "number" else classifier], table, parts, truth)


def linear(table: RealTable, parts: Parts, truth: Any, _: int) -> Any:
    """Return ridge or logistic regression on standardised features."""
    last = Ridge() if table.task == "number" else LogisticRegression(max_iter=2000)
    return _fit([*_standardised(), last], table, parts, truth)


def _fit(steps: list[Any], table: RealTable, parts: Parts, truth: Any) -> Any:
    rows = np.concatenate([parts.train, parts.val])
    return make_pipeline(*steps).fit(table.features.iloc[rows], truth[rows])


def _one_hot() -> Any:
    encoder = OneHotEncoder(handle_unknown="ignore")
    categories = make_column_selector(dtype_include="category")
    return make_column_transformer((encoder, categories), remainder="passthrough", sparse_threshold=0)


def _standardised() -> list[Any]:
    return [_one_hot(), SimpleImputer(add_indicator=True), StandardScaler()]
