"""One thread that computes what waits in a bounded queue, many parts at once."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from nested_lightning.app.errors import UserError
from nested_lightning.app.serving.desk import Answer, Part
from nested_lightning.app.serving.problems import Problem

Compute = Callable[[Sequence[Any]], Sequence[Sequence[Answer]]]
Answers = Sequence[Answer]


class Watch:
    """Methods that are called when something happens; here they do nothing."""

    def saw_request(self, name: str, status: int, seconds: float) -> None:
        """Called when a request was answered."""

    def saw_batch(self, name: str, num_rows: int) -> None:
        """Called with a batch that is about to be computed."""

    def saw_death(self, name: str, error: BaseException) -> None:
        """Hear that a thread ended that shouldn't."""

    def saw_reload(self, name: str, *, is_good: bool) -> None:
        """Called when a changed checkpoint was loaded, or couldn't be."""


class QueueFullError(Exception):
    """There is no room for that many rows."""


class ModelFailedError(Exception):
    """A model failed unexpectedly; the reason is the cause of this error."""


class WorkerStoppedError(Exception):
    """Requests are no longer accepted, or an accepted one was lost."""


@dataclass(eq=False)
class _Job:
    part: Part
    answers: Future[Answers] = field(default_factory=Future)


class Worker:
    """Computes parts in the order in which they came: as many as there are and fit into a batch, at once.

    There is no waiting for more. A part whose future is cancelled before it is taken leaves the queue; if
    computing several of them fails, each is computed alone, so that one that is wrong fails by itself.

    Args:
        compute: Gives for the contents of parts an answer for each of their rows.
        max_batch_size: Rows of a batch; a part that has more is a batch by itself.
        max_queued_rows: Rows that may wait; one request is taken whatever it has if none wait.
        name: Of the model, with which the watch is called.
        watch: Called with each batch, and with the error that ends the thread, if any.
    """

    def __init__(
        self, *, compute: Compute, max_batch_size: int, max_queued_rows: int, name: str, watch: Watch
    ) -> None:
        self._compute, self._name, self._watch = compute, name, watch
        self._max_batch_size, self._max_queued_rows = max_batch_size, max_queued_rows
        self._waiting: OrderedDict[_Job, None] = OrderedDict()
        self._running: list[_Job] = []
        self._changed = threading.Condition()
        self._is_open = True
        self.queued_rows = 0
        self.thread = threading.Thread(target=self._run, name=f"model {name}", daemon=True)
        self.thread.start()

    @property
    def is_alive(self) -> bool:
        """Whether it accepts parts."""
        return self._is_open and self.thread.is_alive()

    @property
    def is_full(self) -> bool:
        """Whether not even one row is accepted."""
        return self.queued_rows >= self._max_queued_rows

    def submit(self, parts: Sequence[Part]) -> list[Future[Answers]]:
        """Put all parts of a request into the queue, or none.

        Raises:
            QueueFullError: There is no room for them.
            WorkerStoppedError: No more is taken.
        """
        jobs = [*map(_Job, parts)]
        size = sum(part.size for part in parts)
        with self._changed:
            if not self._is_open:
                raise WorkerStoppedError
            if self.queued_rows and self.queued_rows + size > self._max_queued_rows:
                raise QueueFullError
            self._waiting.update(dict.fromkeys(jobs))
            self.queued_rows += size
            self._changed.notify()
        for job in jobs:
            job.answers.add_done_callback(partial(self._leave, job))
        return [job.answers for job in jobs]

    def stop(self, timeout_s: float | None = None) -> None:
        """Accept no more, and wait until everything that was accepted is answered."""
        with self._changed:
            self._is_open = False
            self._changed.notify()
        self.thread.join(timeout_s)

    def _leave(self, job: _Job, answers: Future[Answers]) -> None:
        """Free the place and the data of what was cancelled."""
        if answers.cancelled():
            with self._changed:
                if job in self._waiting:
                    del self._waiting[job]
                    self.queued_rows -= job.part.size
        job.part = replace(job.part, content=None)

    def _run(self) -> None:
        try:
            while self._take():
                self._watch.saw_batch(self._name, sum(job.part.size for job in self._running))
                self._answer(self._running)
        except BaseException as error:  # nobody may be left waiting, even if the thread ends
            self._die(error)

    def _take(self) -> bool:
        """Wait for parts and take a batch of them; return False at the end."""
        self._running = []
        while not self._running:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or not self._is_open)
                if not self._waiting:
                    return False
                taken = self._next_batch()
            self._running = [job for job in taken if job.answers.set_running_or_notify_cancel()]
        return True

    def _next_batch(self) -> list[_Job]:
        batch: list[_Job] = []
        size = 0
        while self._waiting:
            job = next(iter(self._waiting))
            key = job.part.key
            is_alone = key is None or key != batch[0].part.key if batch else False
            if batch and (is_alone or size + job.part.size > self._max_batch_size):
                break
            del self._waiting[job]
            size += job.part.size
            batch.append(job)
        self.queued_rows -= size
        return batch

    def _answer(self, jobs: Sequence[_Job]) -> None:
        try:
            answers = self._computed(jobs)
        except Exception as error:
            if len(jobs) == 1:
                jobs[0].answers.set_exception(error)
                return
            for job in jobs:
                self._answer([job])
        else:
            for job, each in zip(jobs, answers, strict=True):
                job.answers.set_result(each)

    def _computed(self, jobs: Sequence[_Job]) -> Sequence[Answers]:
        try:
            answers = self._compute([job.part.content for job in jobs])
        except (Problem, UserError):
            raise
        except Exception as error:
            raise ModelFailedError from error
        wanted, given = [job.part.num_rows for job in jobs], [*map(len, answers)]
        if len(given) != len(wanted) or any(
            one not in (None, n) for one, n in zip(wanted, given, strict=True)
        ):
            raise RuntimeError(f"a model gave {given} answers, and {wanted} were wanted")
        return answers

    def _die(self, error: BaseException) -> None:
        with self._changed:
            self._is_open = False
            left = [*self._running, *self._waiting]
            self._waiting.clear()
            self.queued_rows = 0
        for job in left:
            if not job.answers.done():
                job.answers.set_exception(WorkerStoppedError())
        self._watch.saw_death(self._name, error)
