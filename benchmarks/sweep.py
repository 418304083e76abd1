"""What a sweep costs and gains on the digits that ship: pruning, overhead, its winner beside the defaults.

Run it from the project's folder with ``python -m benchmarks.sweep cost`` and ``python -m benchmarks.sweep
winner``. What is searched: the kind of extractor, its width, and the learning rate, from the preset ``seed``.

``cost`` runs a sweep that prunes by the median, one that prunes nothing, and the trainings of the latter one
after another within one process. Beside the time on the clock it prints the seconds that processors worked,
which other programs on the machine change less.

``winner`` is a nested cross-validation: in each fold of ``StratifiedKFold(5, shuffle=True, random_state=0)``
a sweep chooses by a tenth of the training rows, and its winner and the default settings are tested on the
rows of the fold.
"""

import csv
import logging
import os
import statistics
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.table import Table

from nested_lightning import bootstrap, family_container, load_settings
from nested_lightning.app.sweeping.results import SweepResult, trial_folder
from nested_lightning.containers.sweeping.sweep import run_sweep
from nested_lightning.settings.application import ApplicationSettings
from nested_lightning.settings.searching.space import make_space
from nested_lightning.settings.sweep import ObjectiveSettings, SweepSettings

NUM_FOLDS = 5
EXTRACTOR = "multi_feature.feature_extractor"
SEARCH = {
    f"{EXTRACTOR}.kind": ["plain", "residual", "normalized", "periodic"],
    f"{EXTRACTOR}.hidden_features": "int:16..256:log",
    "multi_feature.optimizer.lr": "float:1e-4..1e-2:log",
}
program = typer.Typer()


def settings_of(folder: Path, *, seed: int = 0, fold: int | None = None) -> ApplicationSettings:
    """Return the default settings, of a fold where one is given."""
    split = (
        {} if fold is None else {"data": {"split": {"kind": "fold", "num_folds": NUM_FOLDS, "fold": fold}}}
    )
    return load_settings(
        model="multi-feature",
        presets=["seed"],
        assignments=[
            {"seed": seed, "run_dir": str(folder)},
            {"trainer": {"accelerator": "cpu", "use_progress_bar": False, "use_report": False}},
            {"multi_feature": split},
        ],
    )


def sweep(
    settings: ApplicationSettings, folder: Path, *, num_trials: int, pruner: str, jobs: int
) -> SweepResult:
    """Run a sweep."""
    space = make_space(settings, SEARCH)
    watched = ObjectiveSettings(name=settings.trainer.monitor, direction=settings.trainer.monitor_mode)
    how = SweepSettings.model_validate(
        {"trials": num_trials, "pruner": pruner, "jobs": jobs, "search": SEARCH}
    )
    how = how.model_copy(update={"objectives": [watched]})
    return run_sweep(space=space, sweep=how, folder=folder)


@contextmanager
def measured(spent: dict[str, tuple[float, float]], name: str) -> Iterator[None]:
    """Note the seconds on the clock, and those that processors worked, here and in processes that ended."""
    began, worked = time.perf_counter(), sum(os.times()[:4])
    yield
    spent[name] = time.perf_counter() - began, sum(os.times()[:4]) - worked


def train_one_after_another(result: SweepResult, settings: ApplicationSettings, folder: Path) -> None:
    """Train the trials of a sweep again, whole, in this process."""
    for trial in result.trials:
        again = settings.changed({**trial.settings, "run_dir": str(folder / f"{trial.number}")})
        run = family_container(bootstrap(again)).training_run()
        run.looks_at_test = False
        run()


def num_epochs(result: SweepResult) -> int:
    """Return how many epochs the trials of a sweep took together."""
    lines = 0
    for trial in result.trials:
        with (trial_folder(result.folder, trial.number) / "metrics.csv").open(newline="") as file:
            lines += len({row["epoch"] for row in csv.DictReader(file)})
    return lines


@program.command()
def cost(num_trials: int = 40, jobs: int = 1) -> None:
    """Print how long sweeps take beside the same trainings in one process."""
    _be_quiet()
    spent: dict[str, tuple[float, float]] = {}
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        settings = settings_of(folder / "unused")
        results = {}
        for pruner in ("median", "none"):
            with measured(spent, pruner):
                results[pruner] = sweep(
                    settings, folder / pruner, num_trials=num_trials, pruner=pruner, jobs=jobs
                )
        with measured(spent, "one process"):
            train_one_after_another(results["none"], settings, folder / "again")
        table = Table("what", "clock, s", "processors, s", "of one process", "epochs", "pruned")
        for name, (clock_s, worked_s) in spent.items():
            share = f"{clock_s / spent['one process'][0]:.2f}, {worked_s / spent['one process'][1]:.2f}"
            result = results.get(name, results["none"])
            pruned = sum(one.state == "pruned" for one in result.trials)
            table.add_row(
                name, f"{clock_s:.1f}", f"{worked_s:.1f}", share, str(num_epochs(result)), str(pruned)
            )
    Console(width=120).print(table)


@program.command()
def winner(num_trials: int = 40, num_seeds: int = 3, num_folds: int = NUM_FOLDS, jobs: int = 1) -> None:
    """Print the test accuracy of sweeps' winners beside the default settings, over folds and seeds."""
    _be_quiet()
    found: dict[str, list[float]] = {"winner": [], "defaults": []}
    for seed in range(num_seeds):
        scores: dict[str, list[float]] = {name: [] for name in found}
        for fold in range(num_folds):
            with tempfile.TemporaryDirectory() as place:
                settings = settings_of(Path(place, "defaults"), seed=seed, fold=fold)
                best = sweep(
                    settings, Path(place, "sweep"), num_trials=num_trials, pruner="median", jobs=jobs
                )
                default: Any = family_container(bootstrap(settings)).training_run()()
            scores["winner"].append(best.test_scores["accuracy"])
            scores["defaults"].append(default.test_metrics["test_accuracy"])
            Console(stderr=True).print(seed, fold, {name: values[-1] for name, values in scores.items()})
        for name, values in scores.items():
            found[name].append(statistics.mean(values))
    table = Table("settings", "test accuracy", "lowest seed", "highest seed")
    for name, values in found.items():
        table.add_row(name, *(f"{one:.4f}" for one in (statistics.mean(values), min(values), max(values))))
    Console(width=120).print(table)


def _be_quiet() -> None:
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    warnings.simplefilter("ignore")


if __name__ == "__main__":
    program()
