"""One line of the log for each epoch, and the learning rate for the file of metrics."""

import logging
import math
import warnings

from pytorch_lightning import LightningModule, Trainer
from typing_extensions import override

from nested_lightning.app.training.epoch_callback import EpochCallback
from nested_lightning.app.training.reporting.log_file import PROJECT_LOGGER
from nested_lightning.app.training.reporting.metrics_file import MetricsFile

_logger = logging.getLogger(PROJECT_LOGGER)


class EpochLog(EpochCallback):
    """Logs the newest value of each metric when an epoch is over, at level INFO.

    Of epochs before a resumption nothing is known any more, and nothing is logged again.
    """

    def __init__(self) -> None:
        self._first_epoch = self._first_step = 0

    @override
    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._first_epoch, self._first_step = trainer.current_epoch, trainer.global_step
        if self._first_step > 0 and trainer.is_global_zero:
            _logger.info("resumed at step %d", self._first_step)

    @override
    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Log the epoch before: only now are all of its metrics known."""
        if trainer.current_epoch > self._first_epoch:
            _log(trainer, trainer.current_epoch)

    @override
    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Have metrics.csv hold the learning rate, the largest where parameters have several."""
        groups = [group for optimizer in trainer.optimizers for group in optimizer.param_groups]
        rates = {"rate": max(float(group["lr"]) for group in groups)} if groups else {}
        for logger in trainer.loggers:
            if isinstance(logger, MetricsFile) and rates:
                logger.log_metrics(rates, trainer.global_step - 1)

    @override
    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if trainer.global_step > self._first_step:
            _log(trainer, trainer.current_epoch)


def _log(trainer: Trainer, num_epochs: int) -> None:
    if trainer.is_global_zero:
        metrics = {name: float(value) for name, value in trainer.callback_metrics.items()}
        broken = [
            name for name, value in metrics.items() if name.endswith("loss") and not math.isfinite(value)
        ]
        if broken:
            warnings.warn(
                f"{', '.join(broken)} is not finite after epoch {num_epochs}: "
                "lower the learning rate, or set trainer.gradient_clip_norm",
                stacklevel=2,
            )
        listed = "  ".join(f"{name} {value:.6g}" for name, value in metrics.items())
        _logger.info("epoch %d  step %d  %s", num_epochs, trainer.global_step, listed)
