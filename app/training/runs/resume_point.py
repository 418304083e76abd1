"""Where a training that was interrupted can go on: its newest checkpoint that is whole."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, NotRequired

from pydantic import Field, TypeAdapter, ValidationError
from typing_extensions import TypedDict

from nested_lightning.app.checkpoints.checkpoint_io import read_checkpoint
from nested_lightning.app.errors import UserError
from nested_lightning.app.training.runs.run_folder import RunFolder

_Count = Annotated[int, Field(ge=0, le=2**62)]


class _Ranks(TypedDict):
    ranks: list[dict[str, Any]]


class _Callbacks(TypedDict):
    RandomState: NotRequired[_Ranks]


class _Training(TypedDict):
    """What has to be in a checkpoint, before Lightning takes it for one."""

    epoch: _Count
    global_step: _Count
    state_dict: dict[str, Any]
    loops: dict[str, dict[str, Any]]
    callbacks: _Callbacks
    optimizer_states: list[dict[str, Any]]
    duration_s: NotRequired[float]


_TRAINING = TypeAdapter(_Training)
_SAVED_BY_SLURM_SIGNAL = "hpc_ckpt_*.ckpt"
_logger = logging.getLogger("nested_lightning.resume_point")


@dataclass(frozen=True, kw_only=True)
class ResumePoint:
    """A checkpoint to go on from."""

    path: Path
    checkpoint: dict[str, Any]

    @property
    def num_steps(self) -> int:
        """Optimiser steps of the training so far."""
        return int(self.checkpoint["global_step"])

    @property
    def num_epochs(self) -> int:
        """Passes over the data that are done."""
        return int(self.checkpoint["epoch"])

    def end(self, *, max_epochs: int, max_steps: int, patience: int | None) -> str | None:
        """Return why the training has ended; None: there is more to train."""
        if self.num_epochs >= max_epochs:
            return f"trainer.max_epochs = {max_epochs} are done"
        if 0 <= max_steps <= self.num_steps:
            return f"trainer.max_steps = {max_steps} are done"
        for name, state in self.checkpoint["callbacks"].items():
            if (
                name.startswith("PatientStopping")
                and patience is not None
                and state["wait_count"] >= patience
            ):
                return f"trainer.early_stopping_patience = {patience} had run out"
        return None

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
    newest = (folder.last_checkpoint, *sorted(folder.path.glob(_SAVED_BY_SLURM_SIGNAL)))
    for path in filter(Path.is_file, newest):
        try:
            points.append(_read_whole(path))
        except UserError as error:
            _logger.warning("%s", error)
            refusals.append(str(error))
    if points:
        return max(points, key=lambda point: point.num_steps)
    if folder.best_checkpoint.is_file():
        _logger.warning(
            "run folder %s: no other checkpoint is whole, so it goes on from best.ckpt", folder.path
        )
        return _read_whole(folder.best_checkpoint)
    if refusals:
        raise UserError("\n".join(refusals))
    return None


def _read_whole(path: Path) -> ResumePoint:
    checkpoint = read_checkpoint(path)
    try:
        _TRAINING.validate_python(checkpoint, strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise UserError(
            f"checkpoint {path} holds no training to go on with: {place}: {first['msg']}"
        ) from None
    return ResumePoint(path=path, checkpoint=checkpoint)
