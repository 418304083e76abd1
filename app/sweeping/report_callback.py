"""What a training reports while it runs, and how it is stopped."""

import math
from collections.abc import Callable
from typing import Any

from pytorch_lightning import LightningModule, Trainer
from typing_extensions import override

from nested_lightning.app.training.epoch_callback import EpochCallback

Ask = Callable[[int, float], str | None]
"""Takes step and value, and returns why to stop, or None."""


class TrialPrunedError(Exception):
    """A trial was stopped, since others promise more."""


class DivergedError(Exception):
    """What a trial is judged by is no finite number any more."""


def refuse_infinite(name: str, value: float) -> None:
    """Refuse a value that isn't finite.

    Raises:
        DivergedError: It isn't.
    """
    if not math.isfinite(value):
        raise DivergedError(f"diverged: {name} is {value:g}")


class ReportCallback(EpochCallback):
    """Reports the monitored value after each epoch that has a new one; stops the training if asked to.

    Of several processes the first one reports, and all stop at the same step. After the last epoch nothing is
    left to be spared, so that the training ends well.

    Args:
        monitor: Name of the value.
        ask: Called in the first process.
    """

    def __init__(self, *, monitor: str, ask: Ask) -> None:
        self._monitor, self._ask = monitor, ask
        self._is_new = False

    @override
    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Expect a new value."""
        self._is_new = not trainer.sanity_checking

    @override
    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Report it.

        Raises:
            DivergedError: It isn't finite.
            TrialPrunedError: That was the answer.
        """
        value = trainer.callback_metrics.get(self._monitor)
        if value is None or not (self._is_new or not trainer.enable_validation):
            return
        self._is_new = False
        number, reason = trainer.strategy.broadcast(float(value)), None
        refuse_infinite(self._monitor, number)
        if trainer.is_global_zero:
            reason = self._ask(trainer.current_epoch, number)
        reason = trainer.strategy.broadcast(reason)
        if reason is not None and not _is_last_epoch(trainer):
            raise TrialPrunedError(reason)


def _is_last_epoch(trainer: Trainer) -> bool:
    stopping: Any = trainer.early_stopping_callback
    has_run_out = stopping is not None and stopping.wait_count >= stopping.patience
    is_last_step = 0 < trainer.max_steps <= trainer.global_step
    return has_run_out or is_last_step or trainer.current_epoch + 1 == trainer.max_epochs
