"""Which callbacks and loggers a training has."""

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from pytorch_lightning import Callback
from pytorch_lightning.loggers import Logger, TensorBoardLogger

from nested_lightning.app.errors import UserError
from nested_lightning.app.training.early_stopping import PatientStopping
from nested_lightning.app.training.monitored_value import warn_of_patience


def collect_callbacks(
    *always: Callback,
    progress: Callable[[], Callback],
    use_progress_bar: bool,
    early_stopping_patience: int | None,
    monitor: str,
    monitor_mode: Literal["min", "max"],
    max_epochs: int,
    val_every_n_epochs: int = 1,
) -> list[Callback]:
    """Return the callbacks of a training.

    Args:
        *always: In every training.
        progress: Makes the progress display.
        use_progress_bar: Whether there is one.
        early_stopping_patience: Validations without a better value before training stops; None: never.
        monitor: Logged value that early stopping watches.
        monitor_mode: Whether less or more of it is better.
        max_epochs: Passes over the data; early stopping that can't act in so many is warned of.
        val_every_n_epochs: Epochs from one validation to the next.
    """
    callbacks = list(always)
    if use_progress_bar:
        callbacks.append(progress())
    if early_stopping_patience is not None:
        warn_of_patience(
            early_stopping_patience, max_epochs=max_epochs, val_every_n_epochs=val_every_n_epochs
        )
        callbacks.append(PatientStopping(monitor, mode=monitor_mode, patience=early_stopping_patience))
    return callbacks


def collect_loggers(*always: Logger, use_tensorboard: bool, folder: Path) -> list[Logger]:
    """Return the loggers of a training.

    Args:
        *always: In every training.
        use_tensorboard: Whether TensorBoard's event files are written as well; it is then the first, which a
            module gets as ``self.logger``.
        folder: Run folder; event files go to ``tensorboard`` in it.

    Raises:
        UserError: TensorBoard is asked for and not installed.
    """
    loggers = list(always)
    if use_tensorboard:
        if find_spec("tensorboard") is None:
            raise UserError(
                "trainer.use_tensorboard needs a package: pip install 'nested-lightning[tensorboard]'"
            )
        loggers.insert(0, TensorBoardLogger(folder, name="tensorboard", version=""))
    return loggers
