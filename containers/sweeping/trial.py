"""From a worker's task to the training of a trial, and to its outcome."""

import pickle
import shutil
import sys
from collections.abc import Callable
from statistics import fmean
from typing import Any

import torch

from nested_lightning.app.checkpoints.checkpoint_io import is_disk_full
from nested_lightning.app.data.splits import InnerFoldSplitter
from nested_lightning.app.errors import UserError
from nested_lightning.app.sweeping.messages import Outcome, Task
from nested_lightning.app.sweeping.report_callback import (
    Ask,
    DivergedError,
    ReportCallback,
    TrialPrunedError,
    refuse_infinite,
)
from nested_lightning.app.sweeping.results import Objective
from nested_lightning.app.training.callbacks import run_before_saving
from nested_lightning.app.training.monitored_value import UnloggedError
from nested_lightning.app.training.runs.fold_folders import fold_folder
from nested_lightning.app.training.runs.interruption import TrainingInterruptedError
from nested_lightning.app.training.runs.result import TrainingResult
from nested_lightning.app.training.runs.run import TrainingRun
from nested_lightning.app.training.runs.run_folder import RunFolder
from nested_lightning.containers.providing.choices import build_chosen, import_target
from nested_lightning.containers.starting.bootstrapping import bootstrap, family_container, provider_of
from nested_lightning.containers.starting.resuming import resume_training
from nested_lightning.containers.sweeping.files import tried_settings
from nested_lightning.settings.application import ApplicationSettings, data_paths
from nested_lightning.settings.choices.splits import SPLITS
from nested_lightning.settings.families import knowing

_LONGEST = 500
"""Characters of a reason."""


def do_task(task: Task, ask: Ask) -> Outcome:
    """Train or test a trial, or look at the data; what goes wrong is what it came to.

    Raises:
        TrainingInterruptedError: A signal ended it.
    """
    try:
        with knowing(*task.settings.given):
            return _WAYS[task.what](task, ask)
    except TrainingInterruptedError:
        raise
    except TrialPrunedError as stop:
        return Outcome(state="pruned", reason=str(stop))
    except UnloggedError as error:  # no other trial would log it
        if error.name not in {one.name for one in task.objectives}:
            return Outcome(state="failed", reason=str(error))
        return Outcome(state="refused", reason=f"--objective {error.name}: {error.what}")
    except BaseException as error:  # a trial that ends the process too is one that failed
        return Outcome(state="halted" if is_disk_full(error) else "failed", reason=_reason(error))


def _train(task: Task, ask: Ask) -> Outcome:
    if task.folds is None:
        return Outcome(state="complete", values=_trained(task, ask, None))
    folds: list[tuple[float, ...]] = []
    for fold in range(task.folds):
        folds.append(_trained(task, _go_on, fold))
        means = tuple(fmean(values) for values in zip(*folds, strict=True))
        reason = ask(fold, means[0])
        if reason is not None and fold + 1 < task.folds:
            raise TrialPrunedError(reason)
    return Outcome(state="complete", values=means)


def _go_on(_step: int, _value: float) -> None:
    """Prune nothing: values of one fold aren't compared with those of another."""


def _test(task: Task, _ask: Ask) -> Outcome:
    for fold in [None] if task.folds is None else range(task.folds):
        _prepared(task, fold)()
    return Outcome(state="complete")


def _look(task: Task, _ask: Ask) -> Outcome:
    family = family_container(bootstrap(_settings(task)))
    return Outcome(state="complete", data=str(getattr(family.data_spec(), "fingerprint", "")))


_WAYS: dict[str, Callable[[Task, Ask], Outcome]] = {"train": _train, "test": _test, "look": _look}


def _settings(task: Task) -> ApplicationSettings:
    """Return the settings of a trial, which shows and reports nothing by itself."""
    tried = tried_settings(task.settings, task.objectives, task.trial.settings)
    places = dict(task.settings.provenance) | dict.fromkeys(task.trial.settings, "sweep trial")
    quiet = {"trainer.use_progress_bar": False, "trainer.use_report": False}
    return tried.changed(quiet).found_in(places)


def _trained(task: Task, ask: Ask, fold: int | None) -> tuple[float, ...]:
    """Train, or go on with it, and return the value of each objective."""
    run = _prepared(task, fold)
    run.looks_at_test = False
    add_report(run, ask)
    result = run()
    return tuple(_value(each, run, result) for each in task.objectives)


def add_report(run: TrainingRun, ask: Ask) -> None:
    """Have a training report its monitored value."""
    monitor: Any = run.trainer.checkpoint_callback.monitor  # type: ignore[union-attr]
    run_before_saving(run.trainer, ReportCallback(monitor=monitor, ask=ask))


def _prepared(task: Task, fold: int | None) -> TrainingRun:
    """Return the training of a trial, or of a fold of it; or the rest, if it was interrupted."""
    settings = _settings(task)
    folder = task.folder if fold is None else fold_folder(task.folder, fold)
    overrides = {} if fold is None else _inner_fold(settings, fold, task.folds or 0)
    sys.argv[1:] = [task.what, pickle.dumps(settings.given).hex(), str(folder)]  # for processes that join it
    if RunFolder(folder).settings_file.is_file():
        places = data_paths(settings.to_plain(), settings.family)
        return resume_training(folder, places, overrides=overrides)
    shutil.rmtree(folder, ignore_errors=True)  # a kill came before its settings were written
    application = bootstrap(settings.changed({"run_dir": str(folder)}), overrides=overrides)
    run: TrainingRun = provider_of(application, "training_run")()
    return run


def _inner_fold(settings: ApplicationSettings, fold: int, num_folds: int) -> dict[str, Any]:
    """Return the overrides with which a fold of the rows that don't test validates, and the others train."""
    section = settings.family.section
    split: Any = getattr(settings, section).data.split
    folds = import_target(SPLITS.choices[split.folds].target)
    names = [name for name in split.kept_in_folds if name != "val_fraction"]
    kept = {name: getattr(split, name) for name in names if hasattr(split, name)}
    inner = folds(num_folds=num_folds, fold=fold, val_fraction=0.0, **kept)
    return {f"{section}.splitter": InnerFoldSplitter(outer=build_chosen(split), inner=inner)}


def _value(objective: Objective, run: TrainingRun, result: TrainingResult) -> float:
    if not objective.is_logged:
        return float(sum(parameter.numel() for parameter in run.model.parameters()))
    if objective.name not in result.validation_metrics:
        raise UnloggedError(objective.name, result.validation_metrics)
    value = result.validation_metrics[objective.name]
    refuse_infinite(objective.name, value)
    return value


def _reason(error: BaseException) -> str:
    said = " ".join(str(error).split())[:_LONGEST]
    if isinstance(error, torch.OutOfMemoryError | MemoryError) or "can't allocate memory" in said:
        return f"out of memory: {said}"
    is_clear = isinstance(error, UserError | DivergedError)
    return said if is_clear and said else f"{type(error).__name__}: {said}"
