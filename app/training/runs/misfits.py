"""Lightning's complaints about its arguments, in the words of our settings."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from lightning_fabric.utilities.exceptions import MisconfigurationException
from pytorch_lightning import Trainer

from nested_lightning.app.errors import UserError
from nested_lightning.app.training.monitored_value import UnloggedError

_LIMITS = ("limit_train_batches", "limit_val_batches")
_LACKING = {
    r"ModelCheckpoint\(monitor='(.*?)'\)` could not find": "model_checkpoint: monitor",
    r"Early stopping conditioned on metric `(.*?)` which is not": "early_stopping: monitor",
    r"ReduceLROnPlateau conditioned on metric (.*?) which is not": "schedule: monitor",
}
"""Lightning's words for a value that isn't logged, and the setting that names it."""


@contextmanager
def misfit_as_user_error(trainer: Trainer, *, overfits: bool) -> Iterator[None]:
    """Turn what Lightning and torch say of settings that don't fit the model into a user's error.

    Args:
        trainer: Knows what is logged.
        overfits: Whether ``overfit_batches`` sets the limits of batches.

    Raises:
        UserError: Lightning refused its arguments, a schedule its number of steps, or a monitored value isn't
            logged.
    """
    try:
        yield
    except UserError:
        raise
    except (MisconfigurationException, RuntimeError, ValueError) as error:
        for words, setting in _LACKING.items():
            if found := re.search(words, str(error)):
                raise UnloggedError(found[1], trainer.callback_metrics, setting=setting) from error
        if misfit := _misfit(error, overfits):
            raise misfit from error
        raise


def _misfit(error: Exception, overfits: bool) -> UserError | None:
    reason = " ".join(str(error).split())
    if "`train_dataloader` must be implemented" in reason:
        return UserError(
            "there is nothing to train on: the model has no train_dataloader, its family no datamodule;"
            " add one to the wiring function, as in data: MyDataModule"
        )
    if isinstance(error, MisconfigurationException):
        for limit in _LIMITS if overfits else ():
            reason = reason.replace(limit, "overfit_batches")
        return UserError(f"the settings of the trainer don't fit the model: {reason}")
    if "specified number of total steps" in reason:
        return UserError(f"schedule.options.total_steps is less than the training has: {reason}; raise it")
    if "`val_check_interval`" in reason:
        return UserError(
            "trainer.val_check_interval: an epoch has fewer training batches than that; take fewer,"
            " or a share of them such as 0.5"
        )
    return None
