"""A stranger's module of a few numbers, to be derived from, and trainings of a few steps."""

from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from nested_lightning import bootstrap, family
from nested_lightning.app.training.runs.result import TrainingResult
from nested_lightning.app.training.runs.run import TrainingRun

STEPS_PER_EPOCH = 6


class Rows(pl.LightningDataModule):
    """Rows of three numbers."""

    def __init__(self) -> None:
        super().__init__()
        rows = torch.randn(4 * STEPS_PER_EPOCH, 3, generator=torch.Generator().manual_seed(0))
        self.rows = TensorDataset(rows)

    def train_dataloader(self) -> DataLoader[Any]:
        return DataLoader(self.rows, batch_size=4)

    def val_dataloader(self) -> Any:
        return DataLoader(self.rows, batch_size=8)


class Small(pl.LightningModule):
    """Learns to give zeros; nothing is logged, nothing validated."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(3, 4), nn.Linear(4, 1)

    def loss(self, batch: list[Tensor]) -> Tensor:
        return self.last(self.first(batch[0]).relu()).square().mean()

    def training_step(self, batch: list[Tensor], batch_idx: int) -> Any:
        return self.loss(batch)

    def configure_optimizers(self) -> Any:
        return torch.optim.SGD(self.parameters(), lr=0.05)


def run_of(
    module: type[pl.LightningModule], folder: Path, data: Any = Rows, *, sections: Any = None, **trainer: Any
) -> TrainingRun:
    """Return a training of a module in the folder ``run`` of a folder; ``sections`` are other settings."""
    own = family("small", model=module, data=data)
    defaults = {"max_epochs": 2, "accelerator": "cpu", "use_progress_bar": False}
    settings = {"run_dir": str(folder / "run"), "trainer": {**defaults, **trainer}, **(sections or {})}
    run: TrainingRun = bootstrap(settings, family=own).small.training_run()
    return run


def train(module: type[pl.LightningModule], folder: Path, data: Any = Rows, **trainer: Any) -> TrainingResult:
    """Train it and return the result."""
    return run_of(module, folder, data, **trainer)()
