"""A whole sweep, from settings or from its folder."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch

from nested_lightning.app.checkpoints.checkpoint_io import disk_full_as_user_error
from nested_lightning.app.errors import UserError
from nested_lightning.app.sweeping.keeping import ranked, remove_checkpoints, scores_of_test, write_table
from nested_lightning.app.sweeping.leading import Leader, SweepHaltedError
from nested_lightning.app.sweeping.messages import Task
from nested_lightning.app.sweeping.opening import faults_of_study, open_study, quiet_optuna
from nested_lightning.app.sweeping.results import Objective, SweepResult, TrialRecord, trial_folder
from nested_lightning.app.sweeping.sampling import GRID, refuse_grid
from nested_lightning.app.sweeping.study import Plan, SweepStudy
from nested_lightning.app.sweeping.worker_process import WorkerProcess
from nested_lightning.app.training.runs.run_folder import RunFolder
from nested_lightning.containers.starting.folds import with_folds
from nested_lightning.containers.starting.ray_training import refuse_own_family
from nested_lightning.containers.sweeping.files import has_other_data, write_best_file, write_sweep_file
from nested_lightning.containers.sweeping.question import question_of
from nested_lightning.settings.application import ApplicationSettings
from nested_lightning.settings.searching.space import SearchSpace
from nested_lightning.settings.sweep import SweepSettings

_PROGRAM = (sys.executable, "-m", "nested_lightning.containers.sweeping.worker")


def run_sweep(
    *,
    space: SearchSpace,
    sweep: SweepSettings,
    folder: Path,
    resume: bool = False,
    reported: Callable[[TrialRecord], None] = lambda _trial: None,
) -> SweepResult:
    """Try settings until there are as many trials as are wanted, and test the winner.

    Args:
        space: What is searched, and from which settings; their seed is the sweep's.
        sweep: How.
        folder: Of the sweep; for `resume`, one that holds one.
        resume: Whether to go on with what is in the folder.
        reported: Called with each trial that ends.

    Raises:
        UserError: The folder holds a sweep, or none to go on with, or one of another question; its study
            can't be opened; another process is at it; the data can't be read; or the disk is full.
        TrainingInterruptedError: A signal ended it; `resume` goes on.
    """
    folder = folder.absolute()
    refuse_unfit(space, sweep)
    _refuse_folder(folder, is_there=resume)
    with RunFolder(folder).locked(), disk_full_as_user_error(folder), faults_of_study(folder), quiet_optuna():
        if not resume:
            write_sweep_file(folder, space.settings, sweep)
        plan, question = _plan(space, sweep), question_of(space, sweep)
        with (
            closing(open_study(folder, plan=plan, question=question, address=sweep.storage)) as study,
            _workers(folder, space.settings, sweep) as start_worker,
        ):
            begun = _Sweep(space=space, sweep=sweep, folder=folder, study=study, objectives=plan.objectives)
            leader = Leader(
                study=study,
                start_worker=start_worker,
                jobs=min(sweep.jobs, sweep.trials),
                make_task=partial(begun.task, "train"),
                max_failures=sweep.max_failures,
                ended=lambda number: reported(begun.settle()[number]),
            )
            with leader.working():
                return begun.lead(leader)


@dataclass(frozen=True, kw_only=True)
class _Sweep:
    """A sweep in its folder, which no other process has, with its study open."""

    space: SearchSpace
    sweep: SweepSettings
    folder: Path
    study: SweepStudy
    objectives: tuple[Objective, ...]

    def task(self, what: Any, trial: TrialRecord) -> Task:
        """Return what a worker is to do with a trial."""
        return Task(
            what=what,
            trial=trial,
            settings=self.space.settings,
            folder=trial_folder(self.folder, trial.number),
            objectives=self.objectives,
            folds=self.sweep.folds,
        )

    def settle(self) -> tuple[TrialRecord, ...]:
        """Write down what there is, remove what isn't kept, and return all trials."""
        trials, paths = self.study.records(), [one.path for one in self.space.parameters]
        remove_checkpoints(self.folder, trials, self.objectives, keep=self.sweep.keep)
        write_best_file(self.folder, self.space.settings, self.objectives, ranked(trials, self.objectives))
        write_table(self.folder / "trials.csv", trials, self.objectives, paths)
        return trials

    def lead(self, leader: Leader) -> SweepResult:
        """Try what is left, and test the winner."""
        is_unfinished, settings = self.study.is_unfinished, self.space.settings
        if is_unfinished:
            leader.start_workers()
        if is_unfinished or has_other_data(self.folder, settings):
            self._hold_to_data(leader)
        write_sweep_file(self.folder, settings, self.sweep)  # it asks the same, perhaps for more
        halted = ""
        try:
            if is_unfinished:
                leader.try_all()
        except SweepHaltedError as halt:
            halted = str(halt)
        finally:
            trials = self.settle()  # after Ctrl-C too, also before any trial has ended
        result = SweepResult(
            folder=self.folder,
            objectives=self.objectives,
            trials=trials,
            winner=next(iter(ranked(trials, self.objectives)), None),
            is_new=is_unfinished,
            halted=halted,
        )
        return self._tested(result, leader)

    def _hold_to_data(self, leader: Leader) -> None:
        look = leader.do(self.task("look", TrialRecord(number=0, state="running", settings={})))
        if look.state != "complete":
            raise UserError(look.reason)
        self.study.hold_to("data", {"data": look.data})

    def _tested(self, result: SweepResult, leader: Leader) -> SweepResult:
        """Return the result with the winner's scores of the test part, now that it is chosen."""
        if result.stopped or result.elsewhere or result.winner is None:
            return result
        task = self.task("test", result.winner)
        if not scores_of_test(task.folder):
            outcome = leader.do(task)
            if outcome.state != "complete":
                raise UserError(f"trial {task.trial.number}, the winner, can't be tested: {outcome.reason}")
        return replace(result, test_scores=scores_of_test(task.folder))


def refuse_unfit(space: SearchSpace, sweep: SweepSettings) -> None:
    """Refuse a way to sweep that doesn't go with what is searched, before anything is made.

    Raises:
        UserError: A grid can't be made of the space.
        SettingsError: The family has no folds, or isn't known to workers on Ray.
    """
    if sweep.sampler == GRID:
        refuse_grid(space)
    if sweep.folds is not None:
        with_folds(space.settings, sweep.folds)
    if sweep.engine == "ray":
        refuse_own_family(space.settings)


@contextmanager
def _workers(
    folder: Path, settings: ApplicationSettings, sweep: SweepSettings
) -> Iterator[Callable[[int], WorkerProcess]]:
    """Give what starts the worker of a number."""
    if sweep.engine == "ray":
        from nested_lightning.app.sweeping.ray_workers import ray_workers

        with ray_workers(
            program=_PROGRAM, jobs=sweep.jobs, address=sweep.ray_address, log=partial(_log, folder)
        ) as start:
            yield start
    else:
        yield partial(_start_worker, folder, sweep.jobs, settings.trainer.accelerator)


def _start_worker(folder: Path, jobs: int, accelerator: str, index: int) -> WorkerProcess:
    environment = _share(index, jobs, accelerator)
    return WorkerProcess(program=_PROGRAM, environment=environment, log=_log(folder, index))


def _share(worker: int, jobs: int, accelerator: str) -> dict[str, str]:
    """Return the variables that give a worker its share of the machine; one alone has everything."""
    if jobs == 1:
        return {}
    if accelerator in ("auto", "gpu", "cuda") and torch.cuda.device_count() > 0:
        named = os.environ.get("CUDA_VISIBLE_DEVICES", "")
        devices = named.split(",") if named else [*map(str, range(torch.cuda.device_count()))]
        return {"CUDA_VISIBLE_DEVICES": devices[worker % len(devices)]}
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return {"OMP_NUM_THREADS": str(max(1, cores // jobs))}


def _log(folder: Path, index: int) -> Path:
    return folder / f"worker-{index}.log"


def _plan(space: SearchSpace, sweep: SweepSettings) -> Plan:
    return Plan(
        space=space,
        objectives=tuple(Objective(name=one.name, direction=one.direction) for one in sweep.objectives),
        seed=space.settings.seed,
        sampler=sweep.sampler,
        pruner=sweep.pruner,
        trials=sweep.trials,
        max_steps=sweep.folds or space.settings.trainer.max_epochs,
    )


def _refuse_folder(folder: Path, *, is_there: bool) -> None:
    found = (folder / "study.db").exists() or (folder / "sweep.yaml").exists()
    if is_there and not found:
        raise UserError(f"{folder}: holds no sweep, so there is none to go on with")
    if not is_there and found:
        raise UserError(f"{folder} holds a sweep already: go on with it by --resume, or name another folder")
    folder.mkdir(parents=True, exist_ok=True)
