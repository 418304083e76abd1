"""Trains several modules one after another and prints a hash of the weights of each: ``… A B``."""

import hashlib
import random
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch
from torch import Tensor
from torch.utils.data import DataLoader, TensorDataset

from tests.containers.owning.small_training import Small, run_of


class DrawnRows(pl.LightningDataModule):
    """Rows in an order that is drawn in each epoch."""

    def setup(self, stage: str) -> None:
        self.rows = TensorDataset(torch.randn(24, 3, generator=torch.Generator().manual_seed(0)))

    def train_dataloader(self) -> DataLoader[Any]:
        return DataLoader(self.rows, batch_size=4, shuffle=True)


class First(Small):
    """Draws from every generator, while it is built and in each step."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = torch.nn.Parameter(torch.rand(()) + np.random.rand() + random.random())

    def loss(self, batch: list[Tensor]) -> Tensor:
        noise = torch.rand(()) + np.random.rand() + random.random()
        return super().loss(batch) * self.scale * noise


class Second(First):
    """Learns otherwise, and leaves the process in a state of its own."""

    def configure_optimizers(self) -> Any:
        pl.seed_everything(5, verbose=False)
        return torch.optim.Adam(self.parameters(), lr=0.1)


def weights_of(module: Any) -> str:
    """Train a module and return a hash of what its weights came to."""
    with tempfile.TemporaryDirectory() as folder:
        run = run_of(module, Path(folder), DrawnRows)
        run()
        numbers = [value.numpy().tobytes() for value in run.model.state_dict().values()]
    return hashlib.sha256(b"".join(numbers)).hexdigest()


if __name__ == "__main__":
    sys.stdout.write(" ".join(weights_of({"First": First, "Second": Second}[name]) for name in sys.argv[1:]))
