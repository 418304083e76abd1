"""How the newest training in a container ended, for whoever asks for its model."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

from nested_lightning.app.errors import UserError
from nested_lightning.app.training.runs.interruption import TrainingInterruptedError
from nested_lightning.app.training.runs.run_folder import RunFolder


class LastTraining:
    """Knows how trainings ended.

    Args:
        family: What opens its checkpoints in Python besides their path, as ``family=``; empty: nothing.

    Attributes:
        fault: How the newest one failed or was stopped, and what it left; empty: it didn't, or none was.
        checkpoint: That of the newest one that ended well; None: there was none.
        next_number: Of the next one among the trainings of this container, from 1.
    """

    def __init__(self, *, family: str = "") -> None:
        self._family = f", family={family}" if family else ""
        self.next_number = 1
        self.fault = ""
        self.checkpoint: Path | None = None
        self._is_running = Lock()

    @contextmanager
    def watching(self, folder: RunFolder) -> Iterator[None]:
        """Note how the training within the block ends.

        Raises:
            UserError: Another thread trains in this container.
        """
        if not self._is_running.acquire(blocking=False):
            raise UserError("another thread trains in this container: two threads each need one of their own")
        try:
            yield
        except BaseException as error:
            self.fault = f"the training in {folder.path} {_ending(error)}{self._rest(folder)}"
            raise
        else:
            kept = folder.checkpoint_of_results
            self.fault, self.checkpoint = "", kept if kept.is_file() else self.checkpoint
        finally:
            self.next_number += 1
            self._is_running.release()

    def _rest(self, folder: RunFolder) -> str:
        path = folder.checkpoint_of_results
        if not path.is_file():
            return " and left no checkpoint"
        return (
            f"; from_checkpoint('{path}'{self._family}) opens what it saved,"
            f" resume_training('{folder.path}'{self._family}) goes on"
        )


def _ending(error: BaseException) -> str:
    if isinstance(error, TrainingInterruptedError):
        return f"was {error}"
    return f"failed ({type(error).__name__}: {' '.join(str(error).split())})"
