"""Pictures and convolutions with their channels last in memory."""

import torch
from pytorch_lightning import LightningModule, Trainer
from typing_extensions import override

from nested_lightning.app.training.epoch_callback import EpochCallback


class ChannelsLast(EpochCallback):
    """Lays out the weights of convolutions with channels last; values, names and shapes stay the same."""

    def __init__(self, *, is_wanted: bool) -> None:
        self._is_wanted = is_wanted

    @override
    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Lay out the weights before the optimisers take them."""
        if self._is_wanted and stage == "fit":
            pl_module.to(memory_format=torch.channels_last)
