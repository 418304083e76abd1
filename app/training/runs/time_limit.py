"""A training that ends by the clock, at a step from which it can go on."""

import time
import warnings
from typing import Any

from pytorch_lightning import Callback, LightningModule, Trainer
from typing_extensions import override

from nested_lightning.app.training.runs.interruption import is_any


class TimeLimit(Callback):
    """Makes the step at which the time is over the last one, as if ``max_steps`` had been reached.

    Lightning's own ``Timer`` ends the epoch there, of which the rest would be lost, and keeps the time in the
    checkpoint, so that a training that goes on would end at once. Here each start has the whole time.
    """

    def __init__(self, *, limit_s: float | None = None) -> None:
        self._limit_s = limit_s
        self._ends_at_s, self._seen_step = 0.0, 0

    @override
    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._ends_at_s, self._seen_step = time.monotonic() + (self._limit_s or 0), trainer.global_step

    @override
    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        has_stepped, self._seen_step = trainer.global_step != self._seen_step, trainer.global_step
        if self._limit_s is not None and has_stepped and self._is_over(trainer, batch_idx):
            step = trainer.global_step
            warnings.warn(f"trainer.max_time is over after step {step}; resume goes on there", stacklevel=2)
            trainer.fit_loop.epoch_loop.max_steps = trainer.global_step

    def _is_over(self, trainer: Trainer, batch_idx: int) -> bool:
        loop = trainer.fit_loop
        if trainer.current_epoch < (loop.min_epochs or 0) or trainer.global_step < (loop.min_steps or 0):
            return False
        return is_any(trainer, time.monotonic() >= self._ends_at_s, batch_idx)
