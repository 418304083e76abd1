"""What pruning saves, what a sweep costs beside its trainings, and what its choice is worth.

Run it from the project's folder with ``python -m benchmarks.sweep time`` or ``… choice`` (extra ``sweep``).
Both search the extractor, its width and the rate on the shipped digits (preset seed: 10, 15 and 20 columns).

``time`` makes the default sweep twice, without and with pruning, and then the trainings of the one without
once more, one after another in this process, as a loop would. The first worker's start counts for the sweep.

``choice`` is a nested cross-validation: in each of five folds a sweep sees the other four alone, of which a
tenth validates. Its winner and the default settings are tested on the fold.
"""

import logging
import statistics
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from nested_lightning import bootstrap, family_container, load_settings
from nested_lightning.app.sweeping.results import SweepResult
from nested_lightning.containers.sweeping.sweep import run_sweep
from nested_lightning.settings.application import ApplicationSettings, change_settings, parse_settings
from nested_lightning.settings.searching.space import make_space
from nested_lightning.settings.sweep import check_sweep

NUM_FOLDS = 5
SEARCH = {
    "multi_feature.feature_extractor.kind": "plain,residual,normalized,periodic",
    "multi_feature.feature_extractor.hidden_features": "int:16..256:log",
    "multi_feature.optimizer.lr": "float:1e-4..1e-2:log",
}
app = typer.Typer(help=__doc__)


def sweep_digits(
    folder: Path,
    *,
    trials: int,
    seed: int,
    pruner: str = "median",
    epochs: int | None = None,
    fold: int | None = None,
) -> Any:
    """Return the settings of a sweep on the digits, and what it came to.

    Args:
        folder: Of the sweep.
        trials: How many.
        seed: Of the sweep and its trainings.
        pruner: Who ends trials early.
        epochs: Of a whole training; None: as many as the default settings say.
        fold: Which fifth of the rows is the test part; None: the split of the preset.
    """
    space = make_space(_settings(folder / "unused", seed=seed, epochs=epochs, fold=fold), SEARCH)
    objective = {"name": space.settings.trainer.monitor, "direction": space.settings.trainer.monitor_mode}
    how = check_sweep({"trials": trials, "pruner": pruner, "search": SEARCH, "objectives": [objective]})
    result = run_sweep(settings=space.settings, space=space, sweep=how, folder=folder)
    return space.settings, result


def _settings(folder: Path, *, seed: int, epochs: int | None, fold: int | None) -> ApplicationSettings:
    split = {"kind": "fold", "num_folds": NUM_FOLDS, "fold": fold}
    return load_settings(
        model="multi-feature",
        presets=["seed"],
        assignments=[
            {
                "seed": seed,
                "run_dir": str(folder),
                "trainer": {"accelerator": "cpu", "use_progress_bar": False},
            },
            {} if epochs is None else {"trainer": {"max_epochs": epochs}},
            {} if fold is None else {"multi_feature": {"data": {"split": split}}},
        ],
    )


def train(settings: ApplicationSettings, values: dict[str, Any], folder: Path, *, is_tested: bool) -> Any:
    """Return what an ordinary training comes to with some settings changed."""
    changed = parse_settings(change_settings(settings.to_recorded(), {**values, "run_dir": str(folder)}))
    run = family_container(bootstrap(changed)).training_run()
    run.looks_at_test = is_tested
    return run()


@app.command("time")
def compare_times(trials: int = 40, seed: int = 0, epochs: int | None = None) -> None:
    """Print how long sweeps and their trainings take."""
    _be_quiet()
    table = Table("what", "s", "to whole trainings", "pruned")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        whole_s, (settings, whole) = _timed(
            lambda: sweep_digits(folder / "none", trials=trials, seed=seed, pruner="none", epochs=epochs)
        )
        pruned_s, (_, pruned) = _timed(
            lambda: sweep_digits(folder / "median", trials=trials, seed=seed, epochs=epochs)
        )
        loop_s, _ = _timed(lambda: _train_all(settings, whole, folder))
    table.add_row("whole trainings, in one process", f"{loop_s:.1f}", "1", "")
    table.add_row("sweep without pruning", f"{whole_s:.1f}", f"{whole_s / loop_s:.3f}", _num_pruned(whole))
    table.add_row("sweep, median", f"{pruned_s:.1f}", f"{pruned_s / loop_s:.3f}", _num_pruned(pruned))
    Console().print(table)


def _train_all(settings: ApplicationSettings, whole: SweepResult, folder: Path) -> None:
    for trial in track(whole.trials, description="Trainings", console=Console(stderr=True)):
        train(settings, dict(trial.settings), folder / f"{trial.number}", is_tested=False)


def _num_pruned(result: SweepResult) -> str:
    return f"{sum(one.state == 'pruned' for one in result.trials)} of {len(result.trials)}"


def _timed(work: Any) -> tuple[float, Any]:
    began_at_s = time.perf_counter()
    result = work()
    return time.perf_counter() - began_at_s, result


@app.command("choice")
def compare_choices(trials: int = 40, num_seeds: int = 3, num_folds: int = NUM_FOLDS) -> None:
    """Print the accuracy on the folds' test rows of each seed's winners, and of the default settings."""
    _be_quiet()
    table = Table("seed", "defaults", "winners", "winners less defaults")
    for seed in range(num_seeds):
        pairs = [
            _tested(seed, fold, trials) for fold in track(range(num_folds), console=Console(stderr=True))
        ]
        defaults, winners = (statistics.mean(column) for column in zip(*pairs, strict=True))
        table.add_row(str(seed), f"{defaults:.4f}", f"{winners:.4f}", f"{winners - defaults:+.4f}")
    Console().print(table)


def _tested(seed: int, fold: int, trials: int) -> tuple[float, float]:
    with tempfile.TemporaryDirectory() as name:
        settings, result = sweep_digits(Path(name, "sweep"), trials=trials, seed=seed, fold=fold)
        default = train(settings, {}, Path(name, "default"), is_tested=True)
    return default.test_metrics["test_accuracy"], result.test_scores["accuracy"]


def _be_quiet() -> None:
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    warnings.simplefilter("ignore")


if __name__ == "__main__":
    app()
