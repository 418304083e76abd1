"""Bases of callbacks."""

from contextlib import ExitStack
from functools import cached_property

from pytorch_lightning import Callback, LightningModule, Trainer
from typing_extensions import override


class EpochCallback(Callback):
    """A callback without hooks for single batches of a training, which Lightning skips where they are None.

    Calling an empty hook takes it some microseconds, and there are a score of callbacks.
    """

    on_train_batch_start = None  # type: ignore[assignment]
    on_train_batch_end = None  # type: ignore[assignment]


class TemporaryChange(EpochCallback):
    """Changes something for as long as the Trainer works; undoes it also where the training fails."""

    @cached_property
    def changes(self) -> ExitStack:
        """What was changed, each with what puts it back."""
        return ExitStack()

    @override
    def teardown(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        self.changes.close()

    @override
    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        self.changes.close()
