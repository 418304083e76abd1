"""The value by which the best checkpoint is chosen and training may be stopped: it must be there."""

import warnings

from pytorch_lightning import Callback, LightningModule, Trainer
from pytorch_lightning.trainer.states import TrainerFn

from nested_lightning.app.errors import UserError, did_you_mean


class MonitoredValue(Callback):
    """Refuses, after the first validation, to go on without the value that is monitored.

    Args:
        name: Name of the logged value, e.g. ``val_loss``.
    """

    def __init__(self, *, name: str) -> None:
        self.name = name

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Look for the value.

        Raises:
            UserError: It isn't logged; the values that are, are listed.
        """
        logged = trainer.callback_metrics
        if trainer.state.fn == TrainerFn.FITTING and not trainer.sanity_checking and self.name not in logged:
            raise UserError(
                f"trainer.monitor = '{self.name}': no such value is logged{did_you_mean(self.name, logged)}"
                f" (allowed: {', '.join(logged)})"
            )


def warn_of_patience(patience: int, *, max_epochs: int, val_every_n_epochs: int) -> None:
    """Warn where early stopping can't stop anything early: the first validation is always an improvement."""
    num_validations = max_epochs // val_every_n_epochs
    if patience + 1 >= num_validations:
        warnings.warn(
            f"trainer.early_stopping_patience={patience} stops nothing early: there are {num_validations}"
            f" validations in trainer.max_epochs={max_epochs}; lower the one or raise the other",
            stacklevel=2,
        )
