"""Checkpoints of a fast training, written no more often than is of use."""

import copy
import os
import time
from typing import Any

from lightning_fabric.plugins import CheckpointIO
from torch import Tensor
from typing_extensions import override


class ThrottledCheckpointIO(CheckpointIO):
    """Holds a checkpoint back in memory if its file was written a moment ago.

    Where an epoch takes milliseconds, the best checkpoint would otherwise be written with each of them, and
    only the last one counts. What is held back is written before a checkpoint of another file (so that a last
    checkpoint never knows of a best one that isn't there), before anything is read, and at the end of the
    training, also after an exception.

    Args:
        inner: Writes and reads the files.
        pause_s: Seconds after a write of a file in which the next write of it is held back.
    """

    def __init__(self, *, inner: CheckpointIO, pause_s: float = 1.0) -> None:
        self._inner = inner
        self._pause_s = pause_s
        self._written_at_s: dict[str, float] = {}
        self._held: dict[str, dict[str, Any]] = {}

    @override
    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: str | os.PathLike[str], storage_options: Any | None = None
    ) -> None:
        """Write a checkpoint, or hold a copy of it back."""
        name = os.fspath(path)
        self._write_held(but=name)
        if time.monotonic() - self._written_at_s.get(name, -self._pause_s) < self._pause_s:
            self._held[name] = _copied(checkpoint)
            return
        self._held.pop(name, None)
        self._inner.save_checkpoint(checkpoint, name, storage_options)
        self._written_at_s[name] = time.monotonic()

    @override
    def load_checkpoint(
        self,
        path: str | os.PathLike[str],
        map_location: Any | None = "cpu",
        weights_only: bool | None = True,
    ) -> dict[str, Any]:
        """Read a checkpoint; see the inner one."""
        self._write_held()
        return self._inner.load_checkpoint(os.fspath(path), map_location, weights_only)

    @override
    def remove_checkpoint(self, path: str | os.PathLike[str]) -> None:
        """Remove a checkpoint, held back or written."""
        self._held.pop(os.fspath(path), None)
        self._inner.remove_checkpoint(os.fspath(path))

    @override
    def teardown(self) -> None:
        """Write what was held back."""
        self._write_held()
        self._inner.teardown()

    def _write_held(self, *, but: str | None = None) -> None:
        for name in [held for held in self._held if held != but]:
            self._inner.save_checkpoint(self._held[name], name)
            del self._held[name]
            self._written_at_s[name] = time.monotonic()


def _copied(value: Any) -> Any:
    """Return the same plain values with copies of the tensors."""
    if isinstance(value, Tensor):
        return value.detach().clone()
    if isinstance(value, dict):
        copied = copy.copy(value)  # an OrderedDict with metadata stays one
        for key, each in value.items():
            copied[key] = _copied(each)
        return copied
    if type(value) in (list, tuple):
        return type(value)(_copied(each) for each in value)
    return copy.deepcopy(value) if isinstance(value, (list, tuple, set)) else value
