"""Test accuracy by how columns are grouped where nobody says it, on tables with names of several kinds.

Run it from the project's folder with ``python -m benchmarks.grouping``. Each table is cross-validated with
three folds and three seeds, with the defaults of the family but for the grouping.
"""

import logging
import statistics
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import typer
from pyarrow import parquet
from sklearn import datasets

from nested_lightning import bootstrap, family_container, load_settings
from nested_lightning.app.errors import counted
from nested_lightning.app.tables.table_file import read_shipped_table

NUM_FOLDS, NUM_SEEDS = 3, 3
GROUPINGS = ("prefix", "shared_word", "single")
LABEL = "kind_of_row"
MEASURES = ("speed", "load", "heat", "noise")
PLACES = ("front", "rear", "cabin")
UNLIKE = ("age", "weight", "price", "score", "depth", "angle", "width", "hue", "pitch", "tone")


def tables() -> Iterator[tuple[str, pa.Table]]:
    """Yield tables by name: those that packages ship, then drawn ones with names as people give them."""
    for name in ("iris", "wine", "breast_cancer", "digits"):
        bunch = getattr(datasets, f"load_{name}")()
        yield name, _table(bunch.feature_names, bunch.data, bunch.target)
    yield "mfeat", read_shipped_table().rename_columns({"digit": LABEL})
    first = [f"{place}_{measure}" for place in PLACES for measure in MEASURES]
    yield "first words", _drawn(first)
    yield "last words", _drawn([f"{measure}_{place}" for place in PLACES for measure in MEASURES], seed=1)
    yield "words and others", _drawn([*first, *UNLIKE[:5]], seed=2)
    yield "no words", _drawn(UNLIKE, seed=3)
    yield "numbered", _drawn([f"{place}{number}" for place in PLACES for number in range(15)], seed=4)
    yield "clusters", _drawn(first, clusters=4, seed=5)
    yield "copies", _copies(first)


def _drawn(names: Sequence[str], *, clusters: int = 2, seed: int = 0) -> pa.Table:
    """Return classes whose informative columns lie anywhere."""
    features, target = datasets.make_classification(
        600, len(names), n_informative=6, n_classes=3, n_clusters_per_class=clusters, random_state=seed
    )
    return _table(names, features, target)


def _copies(names: Sequence[str]) -> pa.Table:
    """Return columns that are noisy copies of one number for each place, which decide the class together."""
    random = np.random.default_rng(0)
    hidden = random.normal(size=(600, len(PLACES)))
    features = hidden.repeat(len(MEASURES), axis=1) + random.normal(size=(600, len(names)))
    return _table(names, features, (hidden > 0).sum(axis=1))


def _table(
    names: Sequence[str], features: npt.NDArray[np.float64], target: npt.NDArray[np.int64]
) -> pa.Table:
    return pa.table(dict(zip(names, features.T, strict=True)) | {LABEL: target})


def train(path: Path, grouping: str, *, fold: int, seed: int) -> float:
    """Return the test accuracy of one training."""
    with tempfile.TemporaryDirectory() as folder:
        more = {"seed": seed, "run_dir": folder, "trainer": {"accelerator": "cpu", "use_progress_bar": False}}
        result = _family(path, grouping, more, fold=fold).training_run()()
    return float(result.test_metrics["test_accuracy"])


def _family(path: Path, grouping: str, more: dict[str, Any], *, fold: int = 0) -> Any:
    split = {"kind": "fold", "num_folds": NUM_FOLDS, "fold": fold}
    data = {"path": str(path), "label": LABEL, "grouping": {"kind": grouping}, "split": split}
    settings = load_settings(model="multi-feature", assignments=[{"multi_feature": {"data": data}}, more])
    return family_container(bootstrap(settings))


def main() -> None:
    """Print mean accuracies over the folds: the mean of the seeds, the lowest and the highest."""
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    warnings.simplefilter("ignore")
    typer.echo(f"{'table':<18}{'rows x columns':<16}" + "".join(f"{one:<44}" for one in GROUPINGS))
    with tempfile.TemporaryDirectory() as folder:
        for name, table in tables():
            path = Path(folder, f"{name}.parquet")
            parquet.write_table(table, path)
            size = f"{table.num_rows} x {table.num_columns - 1}"
            cells = "".join(f"{cell:<44}" for cell in _cells(path))
            typer.echo(f"{name:<18}{size:<16}{cells}")


def _cells(path: Path) -> list[str]:
    """Return the accuracies of each grouping; those that make the same groups are trained once."""
    groups = {one: tuple(_family(path, one, {}).data_spec().column_names.values()) for one in GROUPINGS}
    distinct = {columns: one for one, columns in groups.items()}
    found = {columns: _accuracies(path, one) for columns, one in distinct.items()}
    return [f"{found[columns]}, {counted(len(columns), 'group')}" for columns in groups.values()]


def _accuracies(path: Path, grouping: str) -> str:
    seeds = [
        statistics.mean(train(path, grouping, fold=fold, seed=seed) for fold in range(NUM_FOLDS))
        for seed in range(NUM_SEEDS)
    ]
    return f"{statistics.mean(seeds):.4f} ({min(seeds):.4f} to {max(seeds):.4f})"


if __name__ == "__main__":
    typer.run(main)
