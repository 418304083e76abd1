"""The newest checkpoint of a training, from which it goes on after an interruption."""

import logging
import time
from pathlib import Path
from typing import Any

from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.callbacks import Checkpoint
from pytorch_lightning.utilities.model_helpers import is_overridden
from typing_extensions import override

from nested_lightning.app.seam.logged_values import about_to_be_logged
from nested_lightning.app.temporary_attributes import temporary_attributes
from nested_lightning.app.training.epoch_callback import EpochCallback, TemporaryChange
from nested_lightning.app.training.reporting.log_file import PROJECT_LOGGER
from nested_lightning.app.training.reporting.metrics_file import MetricsFile
from nested_lightning.app.training.runs.interruption import Interruption, is_any

_logger = logging.getLogger(PROJECT_LOGGER)
_DURATION = "duration_s"
_UNCOUNTED = (
    "no step was counted in the first epoch, so that last.ckpt is saved at the ends of epochs, and is the one"
    " used; have training_step step the optimisers of self.optimizers()"
)


class LastCheckpoint(TemporaryChange, Checkpoint):
    """Saves the whole training to one file: at an interval, also in mid-epoch, and at its end.

    In mid-epoch it saves only where the optimiser has just stepped, since gathered gradients are in no
    checkpoint; where no step is counted, at the ends of epochs alone. A save that falls due with a batch
    after which there is a validation waits for that, and with the last one of an epoch for its end, so that
    nothing of it is lost or done twice. With ``fast_dev_run`` nothing is saved.
    What ``max_steps`` ends in mid-epoch is saved there, so that more steps go on from there. As a
    `Checkpoint`, it runs after all other callbacks and saves what they have come to know. Where the training
    is asked to stop, it saves at the next such place and ends it.

    Args:
        path: The file; each save replaces it.
        every_n_steps: Optimiser steps between saves, at least 1; None: no such interval.
        every_n_seconds: Seconds between saves, above 0; None: no such interval.
        interruption: Knows whether the training is asked to stop; None: it never is.

    Attributes:
        earlier_s: Seconds of the training that were over when this process took it up.
    """

    def __init__(
        self,
        *,
        path: Path,
        every_n_steps: int | None = None,
        every_n_seconds: float | None = None,
        interruption: Interruption | None = None,
    ) -> None:
        super().__init__()
        self._interruption = interruption or Interruption()
        self.path = path
        self._every_n_steps = every_n_steps
        self._every_n_seconds = every_n_seconds
        self._seen_step = self._saved_step = 0
        self._saved_at_s = 0.0
        self._is_pending = self._is_stopping = self._is_final = self._is_last_batch = False
        self._loaded_epoch: int | None = None
        self.earlier_s = self._began_at_s = 0.0

    @override
    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Have the module's own hook after a batch run before a save, as it may average weights, or count."""
        self._began_at_s = time.monotonic()
        if stage == "fit" and is_overridden("on_train_batch_end", pl_module):
            own = pl_module.on_train_batch_end

            def on_train_batch_end(outputs: Any, batch: Any, batch_idx: int) -> None:
                own(outputs, batch, batch_idx)
                self._save_after(trainer, batch_idx)

            hook = temporary_attributes(pl_module, on_train_batch_end=on_train_batch_end)
            self.changes.enter_context(hook)

    @override
    def on_load_checkpoint(
        self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Keep the epoch until it is known whether there is more to train, and the time that it took."""
        self._loaded_epoch = int(checkpoint["epoch"])
        self.earlier_s = float(checkpoint.get(_DURATION, 0.0))

    @override
    def on_save_checkpoint(
        self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        checkpoint[_DURATION] = self.earlier_s + time.monotonic() - self._began_at_s

    @override
    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Save a training that had ended when it was taken up, where a kill cut its last save off."""
        progress: Any = trainer.fit_loop.epoch_progress
        if self._loaded_epoch is not None and self._loaded_epoch != progress.current.processed:
            for counts in (progress.current, progress.total):
                counts.completed = counts.processed
            self.save(trainer)
        self._loaded_epoch = None

    @override
    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._loaded_epoch = None
        self._seen_step = self._saved_step = trainer.global_step
        self._saved_at_s = time.monotonic()
        self._is_pending = self._is_stopping = self._is_final = False
        for logger in trainer.loggers:
            if isinstance(logger, MetricsFile):
                logger.continue_from(_logged_step(trainer) + 1)

    @override
    def on_train_batch_end(  # type: ignore[override]
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Save, if an interval is over or the training is to stop, and the epoch goes on."""
        if "on_train_batch_end" not in vars(pl_module):
            self._save_after(trainer, batch_idx)

    def _save_after(self, trainer: Trainer, batch_idx: int) -> None:
        step = trainer.global_step
        has_stepped = step != self._seen_step
        self._seen_step = step
        is_last_step = 0 < trainer.max_steps <= step
        is_due = self._must_stop(trainer, batch_idx) or self._is_due(trainer, step, batch_idx) or is_last_step
        if not (has_stepped and (self._is_pending or is_due)):
            return
        self._is_last_batch = trainer.is_last_batch or batch_idx + 1 >= trainer.num_training_batches
        self._is_pending = self._is_last_batch or _is_before_validation(trainer, batch_idx)
        if not self._is_pending:
            if step % trainer.log_every_n_steps == 0:  # type: ignore[attr-defined]
                self._log_newest(trainer)
            self._is_final = is_last_step
            self._save_or_stop(trainer)

    @override
    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Save what fell due before a validation in mid-epoch."""
        if self._is_pending and not self._is_last_batch:
            self._is_final = 0 < trainer.max_steps <= trainer.global_step
            self._save_or_stop(trainer)

    @override
    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Save what fell due with the epoch's last batch, or where the training is to stop."""
        if self._is_final:
            return
        is_uncounted = trainer.global_step == 0
        if is_uncounted and trainer.current_epoch == 0:
            _logger.warning(_UNCOUNTED)
        if self._must_stop(trainer) or self._is_pending or (is_uncounted and self._is_due(trainer, 0, 0)):
            self._log_newest(trainer)
            self._save_or_stop(trainer)

    @override
    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Save the finished training, unless that has been done."""
        if not self._is_final:
            self.save(trainer)
        self._is_final = True

    def save(self, trainer: Trainer) -> None:
        """Save the training as it is now; every process has to call this at the same step."""
        if trainer.fast_dev_run:  # type: ignore[attr-defined]
            return
        for logger in trainer.loggers:  # a resumed training logs no step again that lies before this
            logger.write() if isinstance(logger, MetricsFile) else logger.save()
        trainer.save_checkpoint(self.path, weights_only=False)
        self._saved_step = trainer.global_step
        self._saved_at_s = time.monotonic()
        self._is_pending = False

    def _log_newest(self, trainer: Trainer) -> None:
        """Log what Lightning logs after the hook that saves; a training that goes on from here won't."""
        new = about_to_be_logged(trainer)
        for logger in trainer.loggers if new else ():
            logger.log_metrics({"epoch": trainer.current_epoch, **new}, step=_logged_step(trainer))

    def _save_or_stop(self, trainer: Trainer) -> None:
        self.save(trainer)
        if self._is_stopping:
            self._interruption.stop(trainer)

    def _must_stop(self, trainer: Trainer, batch_idx: int = 0) -> bool:
        if not self._is_stopping:
            self._is_stopping = self._interruption.is_agreed(trainer, batch_idx)
        return self._is_stopping

    def _is_due(self, trainer: Trainer, step: int, batch_idx: int) -> bool:
        if self._every_n_steps is not None and step - self._saved_step >= self._every_n_steps:
            return True
        if self._every_n_seconds is None:
            return False
        return is_any(trainer, time.monotonic() - self._saved_at_s >= self._every_n_seconds, batch_idx)


class SaveFirst(EpochCallback):
    """Has `LastCheckpoint` save a finished training before the first callback looks at its end.

    Averages of weights take the place of the weights there; a training that goes on needs these, and no end.
    """

    @override
    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        for callback in trainer.checkpoint_callbacks:
            if isinstance(callback, LastCheckpoint):
                callback.on_train_end(trainer, pl_module)


def _logged_step(trainer: Trainer) -> int:
    """Return the step under which Lightning logs; several optimisers of one batch count once there."""
    is_automatic = trainer.lightning_module.automatic_optimization
    return trainer.global_step - 1 if is_automatic else trainer.fit_loop.total_batch_idx


def _is_before_validation(trainer: Trainer, batch_idx: int) -> bool:
    """Return whether Lightning validates after this batch, be it in the middle of an epoch."""
    every_n_epochs: int | None = trainer.check_val_every_n_epoch
    if not trainer.enable_validation or (every_n_epochs and (trainer.current_epoch + 1) % every_n_epochs):
        return False
    index = batch_idx if every_n_epochs else trainer.fit_loop.total_batch_idx
    return (index + 1) % (trainer.val_check_batch or 1) == 0
