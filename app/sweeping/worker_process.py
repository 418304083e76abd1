"""A process that trains one trial after another, as the one that leads sees it."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from multiprocessing import Pipe
from pathlib import Path
from typing import Any

from nested_lightning.app.sweeping.messages import STOP, Task


class WorkerProcess:
    """A worker and what it is doing.

    It has a session of its own, so that Ctrl-C only reaches the leading process, which passes it on.

    Args:
        program: What is started; the number of its end of the pipe is added.
        environment: Variables that are its own, besides those of this process.
        log: Takes what it prints.

    Attributes:
        connection: This process's end of the pipe.
        task: What it is at; None: nothing.
    """

    def __init__(self, *, program: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        self.connection, other_end = Pipe()
        self.task: Task | None = None
        number = other_end.fileno()
        places = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        self._process = started([*program, str(number)], {**places, **environment}, log, pass_fds=[number])
        other_end.close()

    def begin(self, task: Task) -> None:
        """Have it train or test a trial."""
        self.task = task
        self.send(task)

    def send(self, message: Any) -> None:
        """Send a message; if it is gone, that will be seen where it is listened to."""
        with suppress(OSError):
            self.connection.send(message)

    def interrupt(self) -> None:
        """Ask it to save and end."""
        with suppress(OSError):
            self.connection.send_bytes(STOP)

    def end(self, *, patience_s: float) -> str:
        """Wait for its end, and force it after that time; return how it ended, in words."""
        try:
            status = self._process.wait(patience_s)
        except subprocess.TimeoutExpired:
            status = None
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)  # processes that it has started may be left
        status = self._process.wait() if status is None else status
        self.connection.close()
        return exit_words(status)


def started(
    program: Sequence[str], environment: Mapping[str, str], log: Path, **options: Any
) -> subprocess.Popen[bytes]:
    """Return a process in a session of its own, whose log takes what it prints."""
    with log.open("ab") as output:
        return subprocess.Popen(
            program,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            **options,
        )


def exit_words(status: int) -> str:
    """Return how a process ended, in words."""
    return signal.Signals(-status).name if status < 0 else f"exit status {status}"
