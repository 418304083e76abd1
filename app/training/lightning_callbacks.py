"""Callbacks of Lightning's that need something more to be used by settings, or to go on with a training."""

from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.callbacks import GradientAccumulationScheduler, ThroughputMonitor
from pytorch_lightning.utilities.data import extract_batch_size
from typing_extensions import override

from nested_lightning.app.errors import UserError


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
