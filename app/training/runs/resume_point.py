"""Where a training that was interrupted can go on: its newest checkpoint that is whole."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nested_lightning.app.checkpoints.checkpoint_io import read_checkpoint
from nested_lightning.app.errors import UserError
from nested_lightning.app.training.runs.run_folder import RunFolder

_SAVED_BY_SLURM_SIGNAL = "hpc_ckpt_*.ckpt"
_logger = logging.getLogger("nested_lightning.resume_point")


@dataclass(frozen=True, kw_only=True)
class ResumePoint:
    """A checkpoint to go on from.

    Attributes:
        path: The file.
        checkpoint: What is in it.
    """

    path: Path
    checkpoint: dict[str, Any]

    @property
    def num_steps(self) -> int:
        """Optimiser steps of the training so far."""
        return int(self.checkpoint["global_step"])

    @property
    def num_processes(self) -> int:
        """Processes that trained together."""
        state = self.checkpoint.get("callbacks", {}).get("RandomState", {})
        return max(1, len(state.get("ranks", [])))


def find_resume_point(folder: RunFolder) -> ResumePoint | None:
    """Return the newest whole checkpoint of a run, or None where none was written yet.

    That is the last checkpoint, or one that Lightning wrote when SLURM took the machine away. The best one
    is older; it is taken only where no other can be read.

    Raises:
        UserError: There are checkpoints, and none of them is whole.
    """
    points: list[ResumePoint] = []
    refusals: list[str] = []
    for path in _newest_files(folder):
        try:
            points.append(ResumePoint(path=path, checkpoint=_read_whole(path)))
        except UserError as error:
            _logger.warning("%s", error)
            refusals.append(str(error))
    if points:
        return max(points, key=lambda point: point.num_steps)
    if not refusals:
        return None
    if not folder.best_checkpoint.is_file():
        raise UserError("\n".join(refusals))
    return ResumePoint(path=folder.best_checkpoint, checkpoint=_read_whole(folder.best_checkpoint))


def _newest_files(folder: RunFolder) -> Iterator[Path]:
    yield from (path for path in [folder.last_checkpoint] if path.is_file())
    yield from sorted(folder.path.glob(_SAVED_BY_SLURM_SIGNAL))


def _read_whole(path: Path) -> dict[str, Any]:
    checkpoint = read_checkpoint(path)
    lacking = [
        key
        for key in ("global_step", "state_dict", "loops", "callbacks", "optimizer_states")
        if key not in checkpoint
    ]
    if lacking:
        raise UserError(f"checkpoint {path} holds no training to go on with: it lacks {', '.join(lacking)}")
    return checkpoint
