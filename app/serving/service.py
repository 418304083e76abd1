"""One model under its name: its desk, its worker, and a newer one that takes their place."""

import asyncio
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from nested_lightning.app.errors import UserError
from nested_lightning.app.serving.desk import Answer, Asked, Description, Desk, Limits, Part
from nested_lightning.app.serving.problems import RETRY, Problem
from nested_lightning.app.serving.worker import QueueFullError, Watch, Worker, WorkerStoppedError


@dataclass(frozen=True, kw_only=True)
class Model:
    """A loaded model.

    Attributes:
        digest: ``sha256:`` and the checksum of its file; empty: it comes from no file.
        num_threads: Threads of torch that suit it; None: as many as torch takes.
    """

    desk: Desk
    family: str
    summary: str = ""
    digest: str = ""
    num_threads: int | None = None


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """A model with the thread that computes with it, and what is said of it."""

    model: Model
    worker: Worker
    description: Description


class Service:
    """Answers for one name, from one loaded model at a time, whose queue is bounded in rows and in time."""

    def __init__(
        self,
        *,
        name: str,
        model: Model,
        limits: Limits,
        max_queued_rows: int = 200_000,
        queue_timeout_s: float = 30.0,
        watch: Watch | None = None,
    ) -> None:
        self.name, self.limits = name, limits
        self._max_queued_rows, self._queue_timeout_s = max_queued_rows, queue_timeout_s
        self.watch = watch or Watch()
        self._loading = threading.Lock()
        self.current = self._load(model)

    @property
    def is_ready(self) -> bool:
        """Whether a model that has answered a first row takes requests."""
        return self.current.worker.is_alive

    @property
    def queued_rows(self) -> int:
        """Rows that wait."""
        return self.current.worker.queued_rows

    def replace(self, model: Model) -> None:
        """Put a newer model in the place of the current one, once it has answered a first row.

        What the older one has taken, it answers.

        Raises:
            UserError: It can't answer; the older one stays.
        """
        with self._loading:
            older, self.current = self.current, self._load(model)
        older.worker.stop()

    def stop(self) -> None:
        """Accept no more, and answer what was accepted, unless that takes long and nobody waits for it."""
        self.current.worker.stop(_STOP_S)

    async def read(self, loaded: Loaded, asked: Asked) -> Sequence[Part]:
        """Return the parts to compute for a request.

        Raises:
            Problem: The request is wrong.
        """
        read = partial(loaded.model.desk.read, asked, self.limits)
        try:
            parts = read() if _is_small(asked) else await asyncio.to_thread(read)
        except UserError as error:
            raise Problem(422, str(error)) from None
        num_rows = sum(part.size for part in parts)
        if num_rows > self.limits.max_rows:
            raise Problem(
                413, f"{num_rows:,} rows are more than {self.limits.max_rows:,}; send fewer at once"
            )
        return parts

    async def submit(self, asked: Asked) -> tuple[Loaded, list[Future[Sequence[Answer]]]]:
        """Put a request into the queue, and return its answers to come, piece by piece, with the model.

        Raises:
            Problem: The request is wrong, or there is no room for it.
        """
        while True:
            loaded = self.current
            try:
                if loaded.worker.is_full:  # which need not be read
                    raise QueueFullError
                return loaded, loaded.worker.submit(await self.read(loaded, asked))
            except QueueFullError:
                raise Problem(503, "too many rows are waiting; try again later", headers=RETRY) from None
            except WorkerStoppedError:
                if loaded is self.current:
                    raise Problem(503, "the model takes no requests any more", headers=RETRY) from None

    @contextmanager
    def in_time(self, answers: Sequence[Future[Any]]) -> Iterator[None]:
        """Drop pieces that are awaited inside the block once the first wasn't begun for too long.

        Raises:
            Problem: It waited for too long.
        """
        late: list[bool] = []

        def drop() -> None:
            if answers[0].cancel():
                late.append(True)
                cancel_all(answers)

        timer = asyncio.get_running_loop().call_later(self._queue_timeout_s, drop)
        try:
            yield
        except asyncio.CancelledError:
            if not late:
                raise
            text = f"the request waited for more than {self._queue_timeout_s:g} s"
            raise Problem(504, text, headers=RETRY) from None
        finally:
            timer.cancel()

    def _load(self, model: Model) -> Loaded:
        worker = Worker(
            compute=model.desk.compute,
            max_batch_size=self.limits.max_batch_size,
            max_queued_rows=self._max_queued_rows,
            name=self.name,
            watch=self.watch,
        )
        try:
            for answers in worker.submit(model.desk.example(self.limits)):
                answers.result()
            return Loaded(model=model, worker=worker, description=model.desk.describe(self.limits))
        except BaseException:
            worker.stop()
            raise


_SMALL, _STOP_S = 1 << 15, 1.0


def _is_small(asked: Asked) -> bool:
    """Return whether it is read faster than a thread would start."""
    return 0 < len(asked.body) <= _SMALL and asked.content_type == "application/json"


def cancel_all(answers: Sequence[Future[Any]]) -> None:
    """Drop pieces that haven't been begun."""
    for each in answers:
        each.cancel()
