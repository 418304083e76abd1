"""``train --folds``, and ``resume`` of its folder: one training and one model for each fold."""

from collections.abc import Sequence
from typing import Any

from nested_lightning.app.launch import is_restarted
from nested_lightning.app.training.runs.fold_folders import folds_in
from nested_lightning.commands.overrides import OverrideRequest, load_overrides
from nested_lightning.commands.printing.console import (
    format_metric,
    print_line,
    print_table,
    quiet_lightning,
    short_path,
    starting,
    status_console,
)
from nested_lightning.commands.printing.data_summary import print_data
from nested_lightning.commands.run_training import refuse_faults, train_or_exit
from nested_lightning.settings.application import ApplicationSettings


def train_folds(
    settings: ApplicationSettings,
    num_folds: int,
    requests: Sequence[OverrideRequest] = (),
    *,
    is_checked: bool,
) -> None:
    """Train and test once for each fold, and print the results; a job that was requeued goes on.

    Raises:
        SettingsError: That many folds can't be, or the training would run in several processes.
        UserError: The folder holds folds already.
    """
    with starting("Starting"):
        from nested_lightning.containers.starting.folds import begin_folds, rest_of_folds

        quiet_lightning()
        overrides = load_overrides(requests)
        if settings.run_dir is not None and is_restarted() and folds_in(settings.run_dir):
            folds = rest_of_folds(settings.run_dir, {}, overrides)
        else:
            check = refuse_faults if is_checked else None
            folds = begin_folds(settings, num_folds, overrides, check=check)
    train_rest(folds)


def train_rest(folds: Any) -> None:
    """Train the folds that aren't trained yet, and print the results of all."""
    is_announced = False

    def train(fold: int, run: Any) -> Any:
        nonlocal is_announced
        if not run.has_ended:
            where = short_path(run.run_folder.path)
            print_line((f"Fold {fold + 1} of {len(folds)}", "bold"), f" in {where}", on=status_console)
            if not is_announced:
                print_data(run.data_summary)
            is_announced = True
        return train_or_exit(run, resumed_by=folds.folder)

    results = folds.train(train)
    with status_console.status("Predicting"):
        result = folds.conclude(results)
    _print_result(result)


def _print_result(result: Any) -> None:
    from nested_lightning.app.training.runs.result import apart_from_baseline

    if not result.is_new:
        print_line("Nothing left to do: all folds are trained")
    scores, baseline = apart_from_baseline(result.scores)
    means = {name: one.mean for name, one in baseline.items()}
    shown = {name: one for name, one in scores.items() if not name.endswith("num_samples")}
    print_table(
        f"Test scores of {len(result.folds)} folds",
        ["score", "mean", "std", "low", "high", "baseline"],
        [
            (name, *(format_metric(name, value) for value in (*_spread(one), means.get(name))))
            for name, one in shown.items()
        ],
    )
    print_table(
        "Each by itself",
        ["score", *(f"fold {i}" for i in range(len(result.folds)))],
        [(name, *(format_metric(name, value) for value in one.values)) for name, one in shown.items()],
        is_wide=True,
    )
    files = [file.name for file in (result.results_file, result.predictions_file) if file.exists()]
    if files:
        best = short_path(result.folds[0].best_checkpoint)
        print_line(
            f"{', '.join(files)}, and one run folder for each fold, in {short_path(result.folder)};"
            f" no model is made of all of them: each fold has its own, e.g. {best}"
        )


def _spread(score: Any) -> tuple[float, float, float, float]:
    return score.mean, score.std, score.low, score.high
