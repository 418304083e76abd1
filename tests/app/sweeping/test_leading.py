"""The process that leads, with real workers that train nothing and are told what becomes of a trial."""

import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from nested_lightning.app.errors import UserError
from nested_lightning.app.sweeping.leading import Leader, SweepHaltedError
from nested_lightning.app.sweeping.messages import Task
from nested_lightning.app.sweeping.opening import open_study, quiet_optuna
from nested_lightning.app.sweeping.results import TrialRecord
from nested_lightning.app.sweeping.study import SweepStudy
from nested_lightning.app.sweeping.worker_process import WorkerProcess
from tests.app.sweeping.spaces import LOSS, plan

WORKER = """
import os, signal, sys
from multiprocessing.connection import Connection
from nested_lightning.app.sweeping.messages import Line, Outcome
line = Line(Connection(int(sys.argv[1])))
while True:
    state = line.receive().settings
    if state == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    line.send(Outcome(state=state, values=(1.0,), reason=f"{state} by {os.getpid()}"))
"""


@contextmanager
def leading(folder: Path, *states: str, jobs: int = 1, **options: int) -> Iterator[tuple[Leader, SweepStudy]]:
    """Give what leads workers through as many trials as there are states for them to come to."""

    def task_of(trial: TrialRecord) -> Task:
        state = states[trial.number]
        return Task(what="train", trial=trial, settings=state, folder=folder, objectives=(LOSS,))

    def start(index: int) -> WorkerProcess:
        program = (sys.executable, "-c", WORKER)
        return WorkerProcess(program=program, environment={}, log=folder / f"{index}.log")

    asked = plan(trials=len(states))
    with quiet_optuna(), closing(open_study(folder, plan=asked, question={}, address=None)) as study:
        leader = Leader(
            study=study,
            start_worker=start,
            jobs=jobs,
            make_task=task_of,
            max_failures=options.get("max_failures"),
            ended=lambda _number: None,
        )
        with leader.working():
            yield leader, study


def test_a_worker_that_is_killed_fails_its_trial_and_is_replaced(tmp_path: Path) -> None:
    with leading(tmp_path, "killed", "complete", "pruned", jobs=2) as (leader, study):
        leader.try_all()
        trials = study.records()

    assert [one.state for one in trials] == ["failed", "complete", "pruned"]
    assert trials[0].reason == "its process was ended by SIGKILL"


def test_more_failures_than_are_allowed_end_the_sweep_and_it_goes_on_from_there(tmp_path: Path) -> None:
    states = ["failed", "complete", "failed", "complete"]
    why = r"2 trials failed, the last one by: failed by \d+"
    with (
        leading(tmp_path, *states, max_failures=1) as (leader, _),
        pytest.raises(SweepHaltedError, match=why),
    ):
        leader.try_all()

    with leading(tmp_path, *states, max_failures=1) as (leader, study):
        leader.try_all()

        assert [one.state for one in study.records()] == states


def test_a_fault_that_is_not_the_trials_leaves_it_to_be_gone_on_with(tmp_path: Path) -> None:
    with leading(tmp_path, "halted") as (leader, study):
        with pytest.raises(SweepHaltedError, match="halted by"):
            leader.try_all()
        assert [one.number for one in study.interrupted()] == [0]

    with leading(tmp_path, "refused") as (leader, _), pytest.raises(UserError, match="refused by"):
        leader.try_all()
