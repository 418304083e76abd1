"""The digits that ship, trained by a bare Lightning script, for `benchmarks.first_step`.

Everything that such a script needs and nothing else: the table, standardised; a perceptron with about as many
weights as the default model of multi-feature; a DataLoader and a default Trainer.
"""

import gzip
import tempfile
from importlib.resources import files

import numpy as np
import pytorch_lightning as pl
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, TensorDataset, random_split

WIDTHS = (649, 192, 10)


class Perceptron(pl.LightningModule):
    """Two layers."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(WIDTHS[0], WIDTHS[1]), nn.ReLU(), nn.Linear(WIDTHS[1], WIDTHS[2])
        )

    def training_step(self, batch: list[Tensor], batch_idx: int) -> Tensor:
        """Return and log the loss."""
        features, target = batch
        loss = cross_entropy(self.layers(features), target)
        self.log("train_loss", loss)
        return loss

    def validation_step(self, batch: list[Tensor], batch_idx: int) -> None:
        """Log the loss."""
        features, target = batch
        self.log("val_loss", cross_entropy(self.layers(features), target))

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Return Adam."""
        return torch.optim.Adam(self.parameters(), lr=1e-3)


def read_digits() -> TensorDataset:
    """Return the shipped table: standardised features of [2000, 649], float32, and the digits."""
    packed = (files("nested_lightning") / "app/data/shipped/mfeat.csv.gz").read_bytes()
    lines = gzip.decompress(packed).decode().splitlines()
    label = lines[0].split(",").index("digit")
    values = np.loadtxt(lines[1:], delimiter=",", dtype=np.float32)
    features = np.delete(values, label, axis=1)
    scaled = (features - features.mean(axis=0)) / features.std(axis=0).clip(1e-6)
    return TensorDataset(torch.from_numpy(scaled), torch.from_numpy(values[:, label].astype(np.int64)))


def main() -> None:
    """Train."""
    train, val = random_split(read_digits(), [1700, 300])
    with tempfile.TemporaryDirectory() as folder:
        pl.Trainer(max_epochs=60, accelerator="cpu", default_root_dir=folder).fit(
            Perceptron(), DataLoader(train, batch_size=64, shuffle=True), DataLoader(val, batch_size=1024)
        )


if __name__ == "__main__":
    main()
