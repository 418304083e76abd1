"""A training of a few milliseconds that has all that a real one has: dropout, epochs, validation, test."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from nested_lightning.app.data.batch_loader import BatchLoader
from nested_lightning.app.training.optimizers import build_adam
from nested_lightning.app.training.schedules import build_one_cycle
from nested_lightning.app.training.trainer import build_trainer

BATCHES_PER_EPOCH = 6


class TinyModel(pl.LightningModule):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Dropout(0.5), nn.Linear(8, 2))

    def training_step(self, batch: Tensor, batch_idx: int) -> Tensor:
        loss = self._loss(batch)
        self.log("train_loss", loss)
        return loss

    def validation_step(self, batch: Tensor, batch_idx: int) -> None:
        self.log("val_loss", self._loss(batch))

    def test_step(self, batch: Tensor, batch_idx: int) -> None:
        self.log("test_loss", self._loss(batch))

    def configure_optimizers(self) -> Any:
        optimizer = build_adam(self.parameters(), lr=1e-3)
        schedule = build_one_cycle(optimizer, int(self.trainer.estimated_stepping_batches))
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def _loss(self, batch: Tensor) -> Tensor:
        loss: Tensor = cross_entropy(self.layers(batch[:, :4]), batch[:, 4].long())
        return loss


class TinyData(pl.LightningDataModule):
    def __init__(self, *, has_validation: bool = True) -> None:
        super().__init__()
        samples = torch.randn(48, 5, generator=torch.Generator().manual_seed(0))
        samples[:, 4] = (samples[:, 0] > 0).float()
        self._samples = samples
        self._has_validation = has_validation

    def train_dataloader(self) -> BatchLoader[Tensor]:
        return BatchLoader(data=self._samples, batch_size=48 // BATCHES_PER_EPOCH, seed=3, is_shuffled=True)

    def val_dataloader(self) -> Any:
        return BatchLoader(data=self._samples[:16], batch_size=8) if self._has_validation else []

    def test_dataloader(self) -> BatchLoader[Tensor]:
        return BatchLoader(data=self._samples[16:32], batch_size=8)


def tiny_model() -> TinyModel:
    pl.seed_everything(0, verbose=False)
    return TinyModel()


def tiny_trainer(root: Path, callbacks: Sequence[pl.Callback] = (), **arguments: Any) -> pl.Trainer:
    defaults: dict[str, Any] = {"max_epochs": 3, "accelerator": "cpu", "log_every_n_steps": 1}
    return build_trainer(root=root, callbacks=callbacks, **{**defaults, **arguments})
