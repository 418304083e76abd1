"""The rivals with their defaults.

Those that stop early, or keep their best iteration, do it by the rows that choose ours; the rest train on these rows
too, as they have no other use for them. Several columns of numbers have a model each. Each runs on one thread.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
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

from benchmarks.tables.folds import Parts, Rows
from benchmarks.tables.real_table import RealTable
from benchmarks.tables.scores import Answers

Fit = Callable[[RealTable, Parts, Any, int], Any]
"""From a table, its parts, a column of targets [N] and a seed to an estimator that predicts."""


def train(fit: Fit, table: RealTable, parts: Parts, seed: int) -> Callable[[Rows], Answers]:
    """Train a model for each column to predict, and return what answers for other rows."""
    truth = table.truth
    if table.task != "number":
        classifier = fit(table, parts, truth, seed)
        return lambda rows: _classes(classifier, table.features.iloc[rows])
    fitted = [fit(table, parts, column, seed) for column in truth.T]
    return lambda rows: Answers(
        values=np.column_stack([one.predict(table.features.iloc[rows]) for one in fitted])
    )


def _classes(classifier: Any, features: pd.DataFrame) -> Answers:
    probabilities = classifier.predict_proba(features)
    return Answers(values=probabilities.argmax(axis=1), probabilities=probabilities)


def _hist_gradient_boosting(table: RealTable, parts: Parts, truth: Any, seed: int) -> Any:
    kind = HistGradientBoostingRegressor if table.task == "number" else HistGradientBoostingClassifier
    features = table.features
    return kind(random_state=seed, early_stopping=True).fit(
        features.iloc[parts.train],
        truth[parts.train],
        X_val=features.iloc[parts.val],
        y_val=truth[parts.val],
    )


def _catboost(table: RealTable, parts: Parts, truth: Any, seed: int) -> Any:
    from catboost import CatBoostClassifier, CatBoostRegressor

    kind = CatBoostRegressor if table.task == "number" else CatBoostClassifier
    options = {"random_seed": seed, "thread_count": 1, "verbose": False, "allow_writing_files": False}
    features = table.features
    return kind(**options, cat_features=table.categorical).fit(
        features.iloc[parts.train],
        truth[parts.train],
        eval_set=(features.iloc[parts.val], truth[parts.val]),
    )


def _lightgbm(table: RealTable, parts: Parts, truth: Any, seed: int) -> Any:
    from lightgbm import LGBMClassifier, LGBMRegressor, early_stopping

    kind = LGBMRegressor if table.task == "number" else LGBMClassifier
    features = table.features
    return kind(random_state=seed, n_jobs=1, verbose=-1).fit(
        features.iloc[parts.train],
        truth[parts.train],
        eval_set=[(features.iloc[parts.val], truth[parts.val])],
        callbacks=[early_stopping(10, verbose=False)],
    )


def _realmlp(table: RealTable, parts: Parts, truth: Any, seed: int) -> Any:
    from pytabkit import RealMLP_TD_Classifier, RealMLP_TD_Regressor

    kind = RealMLP_TD_Regressor if table.task == "number" else RealMLP_TD_Classifier
    fill = make_column_transformer(  # it refuses missing numbers
        (SimpleImputer(strategy="median", add_indicator=True), make_column_selector(dtype_include="number")),
        remainder="passthrough",
        verbose_feature_names_out=False,
    ).set_output(transform="pandas")
    train, val = table.features.iloc[parts.train], table.features.iloc[parts.val]
    network = kind(random_state=seed, n_threads=1, device="cpu")
    network.fit(fill.fit_transform(train), truth[parts.train], fill.transform(val), truth[parts.val])
    return make_pipeline(fill, network)


def _without_stopping(classifier: Any, regressor: Any, *, prepare: Any) -> Fit:
    def fit(table: RealTable, parts: Parts, truth: Any, seed: int) -> Any:
        rows = np.concatenate([parts.train, parts.val])
        kind = regressor if table.task == "number" else classifier
        return make_pipeline(prepare(), kind(seed)).fit(table.features.iloc[rows], truth[rows])

    return fit


def _one_hot() -> Any:
    encoder = OneHotEncoder(handle_unknown="ignore")
    return make_column_transformer(
        (encoder, make_column_selector(dtype_include="category")), remainder="passthrough", sparse_threshold=0
    )


def _standardised() -> Any:
    return make_pipeline(_one_hot(), SimpleImputer(add_indicator=True), StandardScaler())


FITTED: dict[str, Fit] = {
    "hist_gradient_boosting": _hist_gradient_boosting,
    "catboost": _catboost,
    "lightgbm": _lightgbm,
    "realmlp": _realmlp,
    "random_forest": _without_stopping(
        lambda seed: RandomForestClassifier(random_state=seed),
        lambda seed: RandomForestRegressor(random_state=seed),
        prepare=_one_hot,
    ),
    "svm": _without_stopping(
        lambda seed: CalibratedClassifierCV(SVC(), ensemble=False),
        lambda seed: TransformedTargetRegressor(SVR(), transformer=StandardScaler()),
        prepare=_standardised,
    ),
    "linear": _without_stopping(
        lambda seed: LogisticRegression(max_iter=2000), lambda seed: Ridge(), prepare=_standardised
    ),
}
