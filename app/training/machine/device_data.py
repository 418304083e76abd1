"""Data in memory, brought near the device that trains on them."""

import torch
from pytorch_lightning import LightningModule, Trainer
from typing_extensions import override

from nested_lightning.app.data.batch_loader import PlaceableLoader
from nested_lightning.app.training.epoch_callback import EpochCallback

_SHARE_OF_FREE_MEMORY = 0.5


class DeviceData(EpochCallback):
    """Keeps a whole part of the data on a CUDA device where it fits; else batches are in page-locked memory.

    A part fits if it takes at most half of the device's free memory. On other devices nothing is done.
    """

    @override
    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        place_data(trainer.train_dataloader, pl_module.device)

    @override
    def on_validation_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        place_data(trainer.val_dataloaders, pl_module.device)


def place_data(loader: object, device: torch.device) -> None:
    """Place the data of a loader for a CUDA device; other loaders and devices are left as they are."""
    if isinstance(loader, PlaceableLoader) and device.type == "cuda":
        free_bytes, _ = torch.cuda.mem_get_info(device)
        loader.place(device, limit_bytes=int(_SHARE_OF_FREE_MEMORY * free_bytes))
