"""Callbacks of Lightning's that need something more, or can't work here, see docs/training.md."""

from collections.abc import Iterable, Mapping

from pytorch_lightning import Callback, LightningModule, Trainer
from pytorch_lightning.callbacks import (
    BackboneFinetuning,
    BatchSizeFinder,
    GradientAccumulationScheduler,
    LearningRateFinder,
    SpikeDetection,
    ThroughputMonitor,
)
from pytorch_lightning.utilities.data import extract_batch_size
from torch import nn
from typing_extensions import override

from nested_lightning.app.errors import UserError

_REASONS: Mapping[type, str] = {
    BackboneFinetuning: "the model has no submodule called backbone; freeze, unfreeze_at_epoch and lr of a"
    " path in submodules do this for any",
    LearningRateFinder: "it would search once more wherever the training goes on; find a rate by the command"
    " tune lr, and set it",
    BatchSizeFinder: "it would search once more wherever the training goes on; find a size by the command"
    " tune batch-size, and set it",
    SpikeDetection: "Lightning can't read its state from a checkpoint again, so that the training couldn't go"
    " on; use early_stopping with divergence_threshold",
}
"""Why a callback can't be used, by its class itself: one that is derived from it may do better."""


class AccumulationScheduler(GradientAccumulationScheduler):
    """Lightning's scheduler, which would gather nothing in the rest of an epoch that is taken up.

    Args:
        scheduling: Batches to an optimiser step, by the epoch from which on, counted from 0.
    """

    def __init__(self, *, scheduling: dict[int, int]) -> None:
        super().__init__({**scheduling})

    @override
    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Gather as this epoch says, also in its middle.

        Raises:
            UserError: The model steps its optimisers itself, or accumulate_grad_batches is set besides.
        """
        try:
            super().on_train_start(trainer, pl_module)
        except (RuntimeError, ValueError) as error:
            raise UserError(f"gradient_accumulation_scheduler: {' '.join(str(error).split())}") from None
        self.on_train_epoch_start(trainer)


def build_throughput_monitor(*, window_size: int = 100) -> ThroughputMonitor:
    """Build the callback that logs batches and samples per second.

    Args:
        window_size: Batches of a mean.
    """
    return ThroughputMonitor(batch_size_fn=extract_batch_size, window_size=window_size)


def refuse_unfit(callbacks: Iterable[Callback], model: nn.Module) -> None:
    """Refuse callbacks that would fail in this training, or in the one that goes on with it."""
    for kind in map(type, callbacks):
        if kind in _REASONS and not (kind is BackboneFinetuning and hasattr(model, "backbone")):
            raise UserError(f"the callback {kind.__name__} can't be used: {_REASONS[kind]}")
