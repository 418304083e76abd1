"""A callback that changes something for as long as the Trainer works."""

from pytorch_lightning import LightningModule, Trainer
from typing_extensions import override

from nested_lightning.app.training.epoch_callback import EpochCallback


class TemporaryChange(EpochCallback):
    """Undoes at the end what it did, also where the training fails."""

    def undo(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Put back what was there before; it may be back already."""
        raise NotImplementedError

    @override
    def teardown(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Undo the change."""
        self.undo(trainer, pl_module)

    @override
    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        """Undo the change."""
        self.undo(trainer, pl_module)
