"""Lightning's complaints about its arguments, in the words of our settings."""

from collections.abc import Iterator
from contextlib import contextmanager

from lightning_fabric.utilities.exceptions import MisconfigurationException

from nested_lightning.app.errors import UserError

_LIMITS = ("limit_train_batches", "limit_val_batches")


@contextmanager
def misfit_as_user_error(*, overfits: bool) -> Iterator[None]:
    """Turn what Lightning and torch say of settings that don't fit the model into a user's error.

    Args:
        overfits: Whether ``overfit_batches`` sets the limits of batches.

    Raises:
        UserError: Lightning refused its arguments, a schedule its number of steps.
    """
    try:
        yield
    except MisconfigurationException as error:
        reason = " ".join(str(error).split())
        if "`train_dataloader` must be implemented" in reason:
            raise UserError(
                "there is nothing to train on: the model has no train_dataloader, its family no datamodule;"
                " add one to the wiring function, as in data: MyDataModule"
            ) from error
        for limit in _LIMITS if overfits else ():
            reason = reason.replace(limit, "overfit_batches")
        raise UserError(f"the settings of the trainer don't fit the model: {reason}") from error
    except ValueError as error:
        if "specified number of total steps" in str(error):
            raise UserError(
                f"schedule.options.total_steps is less than the training has: {error}; raise it"
            ) from error
        if "`val_check_interval`" not in str(error):
            raise
        raise UserError(
            "trainer.val_check_interval: an epoch has fewer training batches than that; take fewer,"
            " or a share of them such as 0.5"
        ) from error
