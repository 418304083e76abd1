"""The value by which the best checkpoint is chosen and training is stopped: whether and when it is logged."""

import warnings
from collections.abc import Iterable
from typing import Any, Literal

from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.callbacks import Checkpoint, EarlyStopping
from pytorch_lightning.trainer.states import TrainerFn
from typing_extensions import override

from nested_lightning.app.errors import UserError, did_you_mean
from nested_lightning.app.training.epoch_callback import EpochCallback


class MonitoredMoment:
    """Finds out when a value is new: after a validation, or at an epoch's end where training alone logs it.

    Without a name nothing but validations counts.
    """

    def __init__(self, name: str | None) -> None:
        self._name, self._is_of_training = name, False

    def is_validation(self, trainer: Trainer) -> bool:
        """Return, after a validation, whether it has logged the value."""
        self._is_of_training |= self._name is not None and self._name not in trainer.callback_metrics
        return not self._is_of_training

    def is_epoch_end(self, trainer: Trainer) -> bool:
        """Return, at the end of an epoch, whether training alone has logged the value."""
        is_of_training = self._is_of_training or not trainer.enable_validation
        return is_of_training and self._name in trainer.callback_metrics


class MonitoredValue(EpochCallback, Checkpoint):
    """Refuses to go on without the value that is monitored, at the end of the first epoch with a validation.

    As a `Checkpoint` it comes after the module's own hooks, which may log the value at the end of an epoch.
    Where nothing is logged, nothing validated, or nobody chose the value, no checkpoint is the best, and the
    last one is used.

    Args:
        name: Its name.
        is_chosen: Whether somebody chose it; else it is what is usually logged.
    """

    def __init__(self, *, name: str, is_chosen: bool = True) -> None:
        super().__init__()
        self.name, self._is_chosen = name, is_chosen
        self._is_validated = self._is_known = False

    @override
    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._is_validated = trainer.state.fn == TrainerFn.FITTING and not trainer.sanity_checking

    @override
    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Look for the value, or log once that none is to be expected.

        Raises:
            UserError: It isn't logged; the values that are, are listed.
        """
        if self._is_known or self.name in trainer.callback_metrics:
            self._is_known = True
        elif self._is_validated and trainer.callback_metrics and self._is_chosen:
            raise UnloggedError(self.name, trainer.callback_metrics)
        elif self._is_validated or not trainer.enable_validation:
            self._is_known = True
            reason = UnloggedError(self.name, trainer.callback_metrics)
            warnings.warn(f"{reason}; without it, last.ckpt is the one used", stacklevel=1)


class UnloggedError(UserError):
    """A value that a setting names isn't among those that are logged."""

    def __init__(self, name: str, logged: Iterable[str], *, setting: str = "trainer.monitor") -> None:
        known = list(logged)
        self.what = f"no such value is logged{did_you_mean(name, known)}"
        self.what += f" (allowed: {', '.join(known) or 'nothing is logged'})"
        self.name, self.setting = name, setting
        super().__init__(f"{setting} = '{name}': {self.what}")


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
            raise UnloggedError(self.monitor, trainer.callback_metrics)

    @override
    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Stop before the first step where patience had run out."""
        if self.wait_count >= self.patience:
            trainer.should_stop = True


def warn_of_patience(patience: int, *, max_epochs: int, val_every_n_epochs: int | None) -> None:
    """Warn where early stopping can't stop anything early: the first validation is always an improvement."""
    if val_every_n_epochs is None:
        return
    num_validations = max_epochs // val_every_n_epochs
    if patience + 1 >= num_validations:
        warnings.warn(
            f"trainer.early_stopping_patience={patience} stops nothing early: there are {num_validations}"
            f" validations in trainer.max_epochs={max_epochs}; lower the one or raise the other",
            stacklevel=2,
        )
