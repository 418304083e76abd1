"""RealMLP with its tuned defaults (pytabkit), the network that is hardest to beat without a search."""

from typing import Any

from pytabkit import RealMLP_TD_Classifier, RealMLP_TD_Regressor
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline

from benchmarks.tables.folds import Parts
from benchmarks.tables.real_table import RealTable


def realmlp(table: RealTable, parts: Parts, truth: Any, seed: int) -> Any:
    """Return RealMLP-TD; it takes categories as such, and its best epoch by the validation rows."""
    kind = RealMLP_TD_Regressor if table.task == "number" else RealMLP_TD_Classifier
    network = kind(random_state=seed, n_threads=1, device="cpu")
    fill = _filled()
    train = fill.fit_transform(table.features.iloc[parts.train])
    val = fill.transform(table.features.iloc[parts.val])
    network.fit(train, truth[parts.train], val, truth[parts.val], cat_col_names=table.categorical)
    return make_pipeline(fill, network)


def _filled() -> Any:
    """Return what gives a missing number the median and says so in a further column: it refuses those."""
    numbers = make_column_selector(dtype_include="number")
    imputer = SimpleImputer(strategy="median", add_indicator=True)
    filled = make_column_transformer(
        (imputer, numbers), remainder="passthrough", verbose_feature_names_out=False
    )
    return filled.set_output(transform="pandas")
