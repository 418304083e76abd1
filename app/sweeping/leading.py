"""The one process of a sweep that decides: which trial a worker trains, whether it goes on, what is kept."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from multiprocessing.connection import wait
from typing import Any

from nested_lightning.app.errors import UserError, counted
from nested_lightning.app.signals import heard_by, listened_to
from nested_lightning.app.sweeping.messages import Outcome, Report, Task
from nested_lightning.app.sweeping.results import TrialRecord
from nested_lightning.app.sweeping.study import SweepStudy
from nested_lightning.app.sweeping.worker_process import WorkerProcess
from nested_lightning.app.training.runs.interruption import TrainingInterruptedError

_LOOK_S = 0.25
"""How often signals are looked for."""
_PATIENCE_S = 3.0
"""For workers to save and end."""


class SweepHaltedError(Exception):
    """The sweep ended before its time, and can go on when what is named is mended."""


class Leader:
    """Hands trials to workers until there are enough, and writes down what they come to.

    Args:
        study: Holds the trials.
        start_worker: Starts the worker of a number, from 0.
        jobs: How many there are at a time.
        make_task: Makes the task of a trial.
        max_failures: Trials that may fail before all is ended; None: any number.
        ended: Called after each trial that ended.
    """

    def __init__(
        self,
        *,
        study: SweepStudy,
        start_worker: Callable[[int], WorkerProcess],
        jobs: int,
        make_task: Callable[[TrialRecord], Task],
        max_failures: int | None,
        ended: Callable[[int], None],
    ) -> None:
        self._study, self._start_worker, self._make_task = study, start_worker, make_task
        self._workers: list[WorkerProcess | None] = [None] * jobs
        self._max_failures, self._num_failures = max_failures, 0
        self._ended = ended
        self._signum: int | None = None

    @contextmanager
    def working(self) -> Iterator[None]:
        """End every worker at the end of the block, in a few seconds; signals are requests within it."""
        with heard_by(self._receive, listened_to()):
            try:
                yield
            finally:
                self._end_workers()

    def start_workers(self) -> None:
        """Start all workers, which import torch at the same time then."""
        for index in range(len(self._workers)):
            self._worker(index)

    def try_all(self) -> None:
        """Try what is left, those first that were interrupted.

        Raises:
            SweepHaltedError: Too many trials failed, or nothing can be written.
            UserError: What trials are to be judged by can't be had.
            TrainingInterruptedError: A signal came.
        """
        trials = chain(self._study.interrupted(), iter(self._study.begin, None))
        while True:
            for index, trial in zip(self._idle(), trials, strict=False):
                self._worker(index).begin(self._make_task(trial))
            if not self._busy():
                return
            for worker in self._heard():
                self._hear(worker)

    def do(self, task: Task) -> Outcome:
        """Have a worker do a single task, and return what it came to."""
        worker = self._worker(0)
        worker.begin(task)
        while worker not in self._heard():
            pass
        message = self._message(worker)
        assert isinstance(message, Outcome)
        return message

    def _heard(self) -> Sequence[WorkerProcess]:
        """Return the workers that have something to say; none after a moment.

        Raises:
            TrainingInterruptedError: A signal came.
        """
        if self._signum is not None:
            raise TrainingInterruptedError(self._signum)
        ready = wait([one.connection for one in self._busy()], timeout=_LOOK_S)
        return [one for one in self._busy() if one.connection in ready]

    def _hear(self, worker: WorkerProcess) -> None:
        assert worker.task is not None
        number = worker.task.trial.number
        message = self._message(worker)
        if isinstance(message, Report):
            worker.send(self._study.report(number, message.step, message.value))
            return
        if message.state == "refused":
            raise UserError(message.reason)
        if message.state == "halted":
            raise SweepHaltedError(message.reason)
        self._study.end(number, message.state, message.values, message.reason)
        self._ended(number)
        self._num_failures += message.state == "failed"
        if self._max_failures is not None and self._num_failures > self._max_failures:
            failed = counted(self._num_failures, "trial")
            raise SweepHaltedError(f"{failed} failed, the last one by: {message.reason}")

    def _message(self, worker: WorkerProcess) -> Any:
        """Return what a worker says; of a worker that is gone, that it failed of what it was at."""
        try:
            message = worker.connection.recv()
        except (EOFError, OSError):
            message = Outcome(state="failed", reason=f"its process was ended by {worker.end(patience_s=1.0)}")
            self._workers[self._workers.index(worker)] = None
        if isinstance(message, Outcome):
            worker.task = None
            if message.is_last:
                worker.end(patience_s=_PATIENCE_S)
                self._workers[self._workers.index(worker)] = None
        return message

    def _worker(self, index: int) -> WorkerProcess:
        """Return a worker that is there; one that has ended between trials is replaced."""
        worker = self._workers[index]
        if worker is not None and worker.connection.poll():  # nothing is said unasked but that it is gone
            worker.end(patience_s=1.0)
            worker = None
        if worker is None:
            worker = self._workers[index] = self._start_worker(index)
        return worker

    def _idle(self) -> list[int]:
        return [index for index, one in enumerate(self._workers) if one is None or one.task is None]

    def _busy(self) -> list[WorkerProcess]:
        return [one for one in self._workers if one is not None and one.task is not None]

    def _receive(self, signum: int, _frame: object) -> None:
        self._signum = signum

    def _end_workers(self) -> None:
        there = [one for one in self._workers if one is not None]
        for worker in there:
            worker.interrupt()
        until = time.monotonic() + _PATIENCE_S
        for worker in there:
            worker.end(patience_s=max(0.0, until - time.monotonic()))
        self._workers = [None] * len(self._workers)
