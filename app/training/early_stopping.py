"""Early stopping that goes on as its settings say."""

from typing import Any, Literal

from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.callbacks import EarlyStopping
from typing_extensions import override

from nested_lightning.app.training.monitored_value import MonitoredMoment, unlogged


class PatientStopping(EarlyStopping):
    """Stops a training after a number of validations in a row without a better value.

    It counts after each validation, so that best.ckpt knows of the validation that it was saved after; what
    training alone logs, after each epoch. In a training that goes on, the patience is the one given here, and
    one that had run out stops it at once.
    """

    def __init__(self, monitor: str, *, mode: Literal["min", "max"], patience: int) -> None:
        super().__init__(monitor, mode=mode, patience=patience, check_on_train_epoch_end=False)
        self._moment = MonitoredMoment(monitor)

    @override
    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take up the count, not the patience."""
        super().load_state_dict({**state_dict, "patience": self.patience})

    @override
    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Count a validation."""
        if self._moment.is_validation(trainer):
            super().on_validation_end(trainer, pl_module)

    @override
    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Count an epoch, where training alone logs the value.

        Raises:
            UserError: There is no validation, and no such value.
        """
        if self._moment.is_epoch_end(trainer):
            super().on_validation_end(trainer, pl_module)
        elif not trainer.enable_validation:
            raise unlogged(self.monitor, trainer)

    @override
    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Stop before the first step where patience had run out."""
        if self.wait_count >= self.patience:
            trainer.should_stop = True
