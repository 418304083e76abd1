"""Which callbacks a training has."""

from collections.abc import Callable, Sequence
from typing import Literal

from pytorch_lightning import Callback, LightningModule, Trainer
from pytorch_lightning.callbacks import Checkpoint, ProgressBar, WeightAveraging
from typing_extensions import override

from nested_lightning.app.errors import UserError
from nested_lightning.app.temporary_attributes import temporary_attributes
from nested_lightning.app.training.checkpoint_content import refuse_one_key
from nested_lightning.app.training.epoch_callback import TemporaryChange
from nested_lightning.app.training.monitored_value import PatientStopping, warn_of_patience
from nested_lightning.app.training.runs.last_checkpoint import SaveFirst


class ModuleFirst(TemporaryChange):
    """Runs the module's own ``on_train_epoch_end`` before those of callbacks, which see what it logs.

    Lightning runs it after them, so that they would see the value of the epoch before.
    """

    @override
    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Have Lightning's call do nothing."""
        if stage == "fit":
            self._run = pl_module.on_train_epoch_end
            self.changes.enter_context(temporary_attributes(pl_module, on_train_epoch_end=_nothing))

    @override
    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._run()


def _nothing() -> None:
    """Stand for a hook that has been run already."""


def collect_callbacks(
    *always: Callback,
    own: Sequence[Callback] = (),
    progress: Callable[[], Callback],
    use_progress_bar: bool,
    early_stopping_patience: int | None,
    monitor: str,
    monitor_mode: Literal["min", "max"],
    max_epochs: int,
    val_every_n_epochs: int | None = 1,
) -> list[Callback]:
    """Return the callbacks of a training.

    Args:
        *always: In every training; they run after those of the user, and so save what these have come to.
        own: Those of the user.
        progress: Makes the progress display.
        use_progress_bar: Whether there is one, unless there is one among the user's.
        early_stopping_patience: Validations without a better value before training stops; None: never.
        monitor: Logged value that early stopping watches.
        monitor_mode: Whether less or more of it is better.
        max_epochs: Passes over the data; early stopping that can't act within that many is warned of.
        val_every_n_epochs: Epochs from one validation to the next; None: it isn't known.

    Raises:
        UserError: A checkpoint couldn't tell two of them apart, or two of them average weights.
    """
    callbacks = [ModuleFirst(), SaveFirst(), *own, *always]
    if use_progress_bar and not any(isinstance(one, ProgressBar) for one in own):
        callbacks.append(progress())
    if early_stopping_patience is not None:
        warn_of_patience(
            early_stopping_patience, max_epochs=max_epochs, val_every_n_epochs=val_every_n_epochs
        )
        callbacks.append(PatientStopping(monitor, mode=monitor_mode, patience=early_stopping_patience))
    refuse_one_key(own)
    _refuse_averages(own)
    return callbacks


def run_before_saving(trainer: Trainer, callback: Callback) -> None:
    """Add a callback to a training: it sees what all others log, and a kill after a save comes after it."""
    callbacks: list[Callback] = trainer.callbacks  # type: ignore[attr-defined]
    places = (place for place, one in enumerate(callbacks) if isinstance(one, Checkpoint))
    callbacks.insert(next(places, len(callbacks)), callback)


def _refuse_averages(own: Sequence[Callback]) -> None:
    averages = [type(one).__name__ for one in own if isinstance(one, WeightAveraging)]
    if len(averages) > 1:
        raise UserError(
            f"trainer.callbacks: {' and '.join(averages)} would each put their average in the place of the"
            " weights, and one the other's: keep one of them"
        )
