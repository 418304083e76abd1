"""One process at a time where several would be in each other's way."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from nested_lightning.app.errors import UserError


@contextmanager
def locked(file: Path, *, refusal: str) -> Iterator[None]:
    """Keep other processes from locking a file, which needn't be there, for as long as the block lasts.

    The operating system holds the lock: with the process, however it ends, the lock is gone.

    Raises:
        UserError: Another process has locked it; says the refusal.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(file, blocking=False)
    try:
        lock.acquire()
    except Timeout:
        raise UserError(refusal) from None
    except NotImplementedError:
        warnings.warn(
            f"{file.parent} lies on a file system without locks: use it by one process at a time",
            stacklevel=3,
        )
    try:
        yield
    finally:
        lock.release()
