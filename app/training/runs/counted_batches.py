"""Steps of a module that optimises manually: a batch counts once."""

from typing import Any

from pytorch_lightning import Callback, LightningModule, Trainer
from typing_extensions import override


class CountedBatches(Callback):
    """Has the steps of several optimisers in one batch count as one in ``global_step``.

    Lightning counts each of them, but estimates the steps of a training, and logs, by batches. So
    ``max_steps``, intervals of checkpoints and results mean the same with any number of optimisers.
    """

    def __init__(self) -> None:
        self._num_before = 0

    @override
    def on_train_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int
    ) -> None:
        self._num_before = trainer.global_step

    @override
    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Leave one of the steps that were taken in this batch."""
        num_more = trainer.global_step - self._num_before - 1
        if num_more > 0 and not pl_module.automatic_optimization:
            progress = trainer.fit_loop.epoch_loop.manual_optimization.optim_step_progress
            for counts in (progress.total, progress.current):
                counts.ready -= num_more
                counts.completed -= num_more
