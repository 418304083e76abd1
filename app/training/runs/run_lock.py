"""One training at a time in a run folder."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from filelock import FileLock, Timeout

from nested_lightning.app.errors import UserError
from nested_lightning.app.training.runs.run_folder import RunFolder


@contextmanager
def locked(folder: RunFolder) -> Iterator[None]:
    """Keep other processes from training in the folder for as long as the block lasts.

    The operating system holds the lock: with the process, however it ends, the lock is gone.

    Raises:
        UserError: Another process trains in it.
    """
    folder.path.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder.lock_file, blocking=False)
    try:
        lock.acquire()
    except Timeout:
        raise UserError(
            f"run folder {folder.path}: another process is training in it; wait for its end, or stop it first"
        ) from None
    except NotImplementedError:
        warnings.warn(f"{folder.path} lies on a file system without locks: train in it once", stacklevel=2)
    try:
        yield
    finally:
        lock.release()
