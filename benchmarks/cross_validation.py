"""Test accuracy in five-fold cross-validation on the digits that ship, beside classical baselines.

Run it from the project's folder with ``python -m benchmarks.cross_validation``. The folds are scikit-learn's
``StratifiedKFold(5, shuffle=True, random_state=0)`` for all. Each network is trained with three seeds; a
tenth of each fold's training rows chooses its best checkpoint. The baselines see all training rows of a fold.
"""

import logging
import statistics
import tempfile
import warnings

import numpy as np
import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from nested_lightning import bootstrap, family_container, load_settings
from nested_lightning.app.tables.table_file import read_shipped_table

NUM_FOLDS = 5
PRESETS: tuple[list[str], ...] = ([], ["seed"], ["plain"], ["seed", "plain"])
BASELINES = {
    "RBF SVM, C=10": make_pipeline(StandardScaler(), SVC(C=10)),
    "random forest, 300 trees": RandomForestClassifier(300, random_state=0),
    "logistic regression": make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000)),
}


def train_fold(presets: list[str], *, fold: int, seed: int) -> float:
    """Return the test accuracy of one fold."""
    split = {"kind": "fold", "num_folds": NUM_FOLDS, "fold": fold}
    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings(
            model="multi-feature",
            presets=presets,
            assignments=[
                {"seed": seed, "run_dir": folder},
                {"trainer": {"accelerator": "cpu", "use_progress_bar": False}},
                {"multi_feature": {"data": {"split": split}}},
            ],
        )
        result = family_container(bootstrap(settings)).training_run()()
    return float(result.test_metrics["test_accuracy"])


def score_baselines(presets: list[str]) -> dict[str, list[float]]:
    """Return the accuracy of each baseline in each fold, on the same columns."""
    settings = load_settings(model="multi-feature", presets=presets)
    groups = family_container(bootstrap(settings)).data_spec().groups
    table = read_shipped_table()
    features = np.column_stack([table[column.name] for group in groups for column in group.columns])
    target = table["digit"].to_numpy()
    folds = StratifiedKFold(NUM_FOLDS, shuffle=True, random_state=0)
    return {
        name: cross_val_score(clone(model), features, target, cv=folds).tolist()
        for name, model in BASELINES.items()
    }


def main(num_seeds: int = 3) -> None:
    """Print mean test accuracies, and how much the seeds differ."""
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    warnings.simplefilter("ignore")
    table = Table("columns", "model", "test accuracy", "lowest seed", "highest seed")
    for presets in track(PRESETS, description="Cross-validating", console=Console(stderr=True)):
        seeds = [
            statistics.mean(train_fold(presets, fold=fold, seed=seed) for fold in range(NUM_FOLDS))
            for seed in range(num_seeds)
        ]
        columns = "10, 15 and 20" if "seed" in presets else "all six groups"
        name = "this project, plain parts" if "plain" in presets else "this project, default"
        cells = [f"{summary(seeds):.4f}" for summary in (statistics.mean, min, max)]
        table.add_row(columns, name, *cells)
        if "plain" not in presets:
            for baseline, scores in score_baselines(presets).items():
                table.add_row(columns, baseline, f"{statistics.mean(scores):.4f}", "", "")
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
