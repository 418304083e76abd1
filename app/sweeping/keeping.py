"""What is kept of trials: the checkpoints of the best, scores of the winner, and a table of all."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean

from nested_lightning.app.checkpoints.checkpoint_io import write_atomically
from nested_lightning.app.errors import UserError
from nested_lightning.app.record_files import to_csv
from nested_lightning.app.sweeping.results import Objective, TrialRecord, trial_folder
from nested_lightning.app.training.runs.fold_folders import folds_in
from nested_lightning.app.training.runs.result import TrainingResult, without_part
from nested_lightning.app.training.runs.run_folder import RunFolder


def ranked(trials: Sequence[TrialRecord], objectives: Sequence[Objective]) -> list[TrialRecord]:
    """Return the complete trials, the best first: those on the front, then by the first objective."""
    complete = [one for one in trials if one.state == "complete"]
    return sorted(
        complete, key=lambda one: (not one.is_on_front, objectives[0].cost(one.values[0]), one.number)
    )


def remove_checkpoints(
    sweep: Path, trials: Sequence[TrialRecord], objectives: Sequence[Objective], *, keep: int
) -> None:
    """Remove the checkpoints of trials that have ended, but for those of the best ``keep``."""
    kept = {one.number for one in ranked(trials, objectives)[:keep]}
    for trial in trials:
        if trial.state != "running" and trial.number not in kept:
            folder = trial_folder(sweep, trial.number)
            for checkpoints in (folder / "checkpoints", *folder.glob("fold-*/checkpoints")):
                shutil.rmtree(checkpoints, ignore_errors=True)


def scores_of_test(trial: Path) -> dict[str, float]:
    """Return the scores of the test part of a trial in a folder, of folds their means; none: not tested."""
    try:
        results = [TrainingResult.read(RunFolder(one)) for one in folds_in(trial) or [trial]]
    except UserError:
        return {}
    scores = [without_part(each.test_metrics) for each in results]
    return {name: fmean(each[name] for each in scores) for name in scores[0] if all(scores)}


def write_table(
    file: Path, trials: Sequence[TrialRecord], objectives: Sequence[Objective], paths: Sequence[str]
) -> None:
    """Write a line for each trial: how it ended and why, its values, and what it tried; empty: not asked for.

    Durations aren't in it, so that the same sweep gives the same table.
    """
    best = ranked(trials, objectives)[:1]
    rows = [
        {
            "trial": one.number,
            "state": one.state if one.state != "running" else "unfinished",
            **{each.name: value for each, value in zip(objectives, one.values or [None] * 99, strict=False)},
            "front": one.is_on_front,
            "winner": one in best,
            "reason": one.reason,
            **{path: one.settings.get(path) for path in paths},
        }
        for one in trials
    ]
    write_atomically(file, to_csv(rows))
