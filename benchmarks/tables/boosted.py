"""Boosted trees, which keep or stop at the iteration that is best on the validation rows."""

from typing import Any

from catboost import CatBoostClassifier, CatBoostRegressor
from lightgbm import LGBMClassifier, LGBMRegressor, early_stopping
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from benchmarks.tables.folds import Parts
from benchmarks.tables.real_table import RealTable

PATIENCE = 10  # the default of HistGradientBoosting; LightGBM has none, and CatBoost goes on to its end


def hist_gradient_boosting(table: RealTable, parts: Parts, truth: Any, seed: int) -> Any:
    """Return HistGradientBoosting."""
    kind = HistGradientBoostingRegressor if table.task == "number" else HistGradientBoostingClassifier
    (features, train), (val_features, val) = _shares(table, parts, truth)
    estimator = kind(random_state=seed, early_stopping=True, n_iter_no_change=PATIENCE)
    return estimator.fit(features, train, X_val=val_features, y_val=val)


def lightgbm(table: RealTable, parts: Parts, truth: Any, seed: int) -> Any:
    """Return LightGBM."""
    kind = LGBMRegressor if table.task == "number" else LGBMClassifier
    train, (val_features, val) = _shares(table, parts, truth)
    estimator = kind(random_state=seed, n_jobs=1, verbose=-1)
    stop = early_stopping(PATIENCE, verbose=False)
    return estimator.fit(*train, eval_X=val_features, eval_y=val, callbacks=[stop])


def catboost(table: RealTable, parts: Parts, truth: Any, seed: int) -> Any:
    """Return CatBoost."""
    kind = CatBoostRegressor if table.task == "number" else CatBoostClassifier
    train, val = _shares(table, parts, truth)
    silent = {"verbose": False, "allow_writing_files": False}
    estimator = kind(random_seed=seed, thread_count=1, cat_features=table.categorical, **silent)
    return estimator.fit(*train, eval_set=val)


def _shares(table: RealTable, parts: Parts, truth: Any) -> list[tuple[Any, Any]]:
    return [(table.features.iloc[rows], truth[rows]) for rows in (parts.train, parts.val)]
