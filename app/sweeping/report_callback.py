"""What a training reports while it runs, and how it is stopped."""

import math
from collections.abc import Callable
from typing import Any

from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.trainer.states import TrainerFn
from typing_extensions import override

from nested_lightning.app.training.epoch_callback import EpochCallback
from nested_lightning.app.training.monitored_value import MonitoredMoment

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
    """Reports the monitored value once in each epoch that has a new one; stops the training if asked to.

    It reports before the validation's checkpoint is written, so that a training which goes on from there has
    reported all that lies before; what an epoch's earlier validation came to is kept in its checkpoint. Of
    several processes the first one reports, and all stop at the same step.
    After the last epoch nothing is left to be spared, so that the training ends well.

    Args:
        monitor: Name of the value.
        ask: Called in the first process.
    """

    def __init__(self, *, monitor: str, ask: Ask) -> None:
        self._monitor, self._ask = monitor, ask
        self._moment = MonitoredMoment(monitor)
        self._is_new = False
        self._value: float | None = None

    @override
    def state_dict(self) -> dict[str, Any]:
        """Return what was validated and isn't reported yet; mostly nothing."""
        return {"value": self._value} if self._is_new else {}

    @override
    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on with what was validated before."""
        self._is_new, self._value = True, state_dict["value"]

    @override
    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Report the value of an epoch's last validation.

        Raises:
            DivergedError: It isn't finite.
            TrialPrunedError: That was the answer.
        """
        if trainer.state.fn != TrainerFn.FITTING or trainer.sanity_checking:
            return
        self._is_new = True
        self._value = self._logged(trainer)
        if _is_last_batch(trainer) and self._moment.is_validation(trainer):
            self._report(trainer)

    @override
    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Report the value, where training logs it, or a validation before the epoch's end did.

        Raises:
            DivergedError: It isn't finite.
            TrialPrunedError: That was the answer.
        """
        if self._is_new or not trainer.enable_validation:
            self._report(trainer)

    def _logged(self, trainer: Trainer) -> float | None:
        value = trainer.callback_metrics.get(self._monitor)
        return None if value is None else float(value)

    def _report(self, trainer: Trainer) -> None:
        value = self._logged(trainer)
        if value is None:
            value = self._value  # from before an interruption
        if value is None:
            return
        self._is_new, self._value = False, None
        number, reason = trainer.strategy.broadcast(value), None
        refuse_infinite(self._monitor, number)
        if trainer.is_global_zero:
            reason = self._ask(trainer.current_epoch, number)
        reason = trainer.strategy.broadcast(reason)
        if reason is not None and not _is_last_epoch(trainer):
            raise TrialPrunedError(reason)


def _is_last_batch(trainer: Trainer) -> bool:
    return trainer.is_last_batch or trainer.fit_loop.batch_idx + 1 >= trainer.num_training_batches


def _is_last_epoch(trainer: Trainer) -> bool:
    stopping: Any = trainer.early_stopping_callback
    has_run_out = stopping is not None and stopping.wait_count >= stopping.patience
    is_last_step = 0 < trainer.max_steps <= trainer.global_step
    return has_run_out or is_last_step or trainer.current_epoch + 1 == trainer.max_epochs
