"""Schedules that follow a monitored value, where a training goes on."""

from typing import Any

from pytorch_lightning import Callback, LightningModule, Trainer
from typing_extensions import override

_KEY = "nested_lightning_plateau_values"
_KNOWN = "nested_lightning_plateau_known"


class PlateauSchedules(Callback):
    """Has ``ReduceLROnPlateau`` take the steps that come after a save, where a training is taken up.

    Lightning 2.6 leaves out that of the epoch, since it can't know whether the value is there. In an epoch
    that was taken up in its middle it is. Where the end of an epoch or of a batch was saved, before the step
    that follows, the checkpoint holds it, and so it does for steps before the next validation.
    """

    def __init__(self) -> None:
        self._loaded: dict[int, Any] = {}
        self._known: dict[str, Any] = {}
        self._has_trained = False

    @override
    def on_save_checkpoint(
        self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Keep the values that schedules are about to get, and may get once more."""
        if known := _known(trainer):
            checkpoint[_KNOWN] = known
        if values := _values(trainer):
            checkpoint[_KEY] = values

    @override
    def on_load_checkpoint(
        self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        self._loaded, self._known = checkpoint.get(_KEY, {}), checkpoint.get(_KNOWN, {})

    @override
    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Take the step of the epoch, or of the batch, after which was saved."""
        self._has_trained = False
        trainer.callback_metrics.update(self._known)
        for number, value in self._loaded.items():
            pl_module.lr_scheduler_step(trainer.lr_scheduler_configs[number].scheduler, value)
        self._loaded, self._known = {}, {}

    @override
    def on_train_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Note that batches were trained, so that the next end of an epoch is a new one."""
        self._has_trained = True

    @override
    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Let Lightning take the step, which it leaves out in an epoch that was taken up."""
        if self._has_trained and any(config.reduce_on_plateau for config in trainer.lr_scheduler_configs):
            trainer.fit_loop.restarting = False


def _known(trainer: Trainer) -> dict[str, Any]:
    followed = [str(config.monitor) for config in trainer.lr_scheduler_configs if config.reduce_on_plateau]
    return {name: trainer.callback_metrics[name] for name in followed if name in trainer.callback_metrics}


def _values(trainer: Trainer) -> dict[int, Any]:
    num_done = {
        "step": _num_done(trainer.fit_loop.epoch_loop.batch_progress.current),
        "epoch": _num_done(trainer.fit_loop.epoch_progress.current),
    }
    return {
        number: trainer.callback_metrics[str(config.monitor)]
        for number, config in enumerate(trainer.lr_scheduler_configs)
        if config.reduce_on_plateau
        and (num := num_done[config.interval])
        and num % config.frequency == 0
        and config.monitor in trainer.callback_metrics
    }


def _num_done(progress: Any) -> int:
    """Return the number of the batch or epoch that is about to end; 0: none is."""
    return int(progress.processed) if progress.processed > progress.completed else 0
