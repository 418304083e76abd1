"""What the leading process and its workers send each other over a pipe."""

import os
import pickle
import signal
import threading
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Literal

from nested_lightning.app.sweeping.results import Objective, TrialRecord

STOP = b"stop"
"""What asks a worker to save and end."""
KEY = "NESTED_LIGHTNING_SWEEP_KEY"
"""Variable with the key by which a worker on another machine authenticates itself."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """What a worker is to do.

    Attributes:
        what: ``train`` a trial; ``test`` it, now that all is chosen; or only ``look`` at the data.
        trial: Which one, with what it tries.
        settings: Of the application without a search.
        folder: The trial's run folder.
        objectives: What it is judged by.
        folds: How many trainings a trial is, each with other rows to validate on; None: one.
    """

    what: Literal["train", "test", "look"]
    trial: TrialRecord
    settings: Any
    folder: Path
    objectives: tuple[Objective, ...]
    folds: int | None = None


@dataclass(frozen=True, kw_only=True)
class Report:
    """The value of the first objective after a step; it is answered by a reason to stop, or None."""

    step: int
    value: float


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a task came to.

    Attributes:
        state: ``complete``, ``pruned``, ``failed``; or ``halted``: it isn't the trial's fault, and it goes on
            when that is mended; or ``refused``: no trial of this sweep would do better.
        values: Of each objective.
        reason: Why there are none.
        data: The fingerprint of the data, where only these were looked at.
        is_last: Whether the worker ends, so that another one takes its place.
    """

    state: str
    values: tuple[float, ...] = ()
    reason: str = ""
    data: str = ""
    is_last: bool = False


class Line:
    """A worker's end of the pipe; where the other one is gone, the worker and its children end at once.

    Args:
        connection: To the leading process.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._received: SimpleQueue[bytes] = SimpleQueue()
        threading.Thread(target=self._listen, daemon=True).start()

    def receive(self) -> Any:
        """Return what came; waits for it. A worker that is asked to end instead does so."""
        message = self._received.get()
        if message == STOP:
            os._exit(128 + signal.SIGTERM)
        return pickle.loads(message)

    def send(self, message: object) -> None:
        """Send a message."""
        self._connection.send(message)

    def ask(self, report: Report) -> str | None:
        """Report, and return why to stop, or None."""
        self.send(report)
        answer: str | None = self.receive()
        return answer

    def _listen(self) -> None:
        try:
            while True:
                message = self._connection.recv_bytes()
                self._received.put(message)
                if message == STOP:
                    os.kill(os.getpid(), signal.SIGTERM)
        except (EOFError, OSError):
            os.killpg(os.getpgrp(), signal.SIGKILL)
