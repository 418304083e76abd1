"""The model and the data that every way puts together: encoders by name → combiner → head.

Plain PyTorch and Lightning. Each folder of `benchmarks/ways` imports it, so that they differ in nothing but
how the parts come together.

Shape letters: B samples, F features of an encoder, C digits.
"""

import csv
import gzip
from importlib.resources import files

import numpy as np
import pytorch_lightning as pl
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, Dataset, random_split

WIDTHS = {"fou": 76, "kar": 64, "mor": 6}
"""Columns of the groups of features that are taken from the table."""
NUM_CLASSES = 10
Sample = tuple[dict[str, Tensor], Tensor]
"""Features by group, and the digit."""


class MlpEncoder(nn.Module):
    """Two layers with dropout between them.

    Args:
        in_features: Columns of the group.
        hidden_features: Width of the hidden layer.
        out_features: Width of what it gives.
        dropout: Share of hidden values that is left out.
    """

    def __init__(
        self, in_features: int, hidden_features: int = 32, out_features: int = 16, dropout: float = 0.2
    ) -> None:
        super().__init__()
        self.out_features = out_features
        self.layers = nn.Sequential(
            nn.Linear(in_features, hidden_features),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(hidden_features, out_features),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return [B, F] for the columns of a group, [B, in_features]."""
        return self.layers(x)


class LinearEncoder(nn.Linear):
    """One layer.

    Args:
        in_features: Columns of the group.
        out_features: Width of what it gives.
    """

    def __init__(self, in_features: int, out_features: int = 16) -> None:
        super().__init__(in_features, out_features)


class Concatenation(nn.Module):
    """Puts what the encoders give side by side, normalised.

    Args:
        in_features: Width of each encoder's.
    """

    def __init__(self, in_features: list[int]) -> None:
        super().__init__()
        self.out_features = sum(in_features)
        self.norm = nn.LayerNorm(self.out_features)

    def forward(self, encoded: list[Tensor]) -> Tensor:
        """Return [B, out_features] for a [B, F] of each encoder."""
        return self.norm(torch.cat(encoded, dim=1))


class Head(nn.Linear):
    """Scores of the digits.

    Args:
        in_features: Width of the combiner's.
        num_classes: How many digits there are.
    """

    def __init__(self, in_features: int, num_classes: int) -> None:
        super().__init__(in_features, num_classes)


class Classifier(pl.LightningModule):
    """Tells digits by several encoders.

    Args:
        encoders: By group.
        combiner: Of what they give.
        head: From the combiner's to scores.
        lr: Learning rate.
    """

    def __init__(
        self, encoders: dict[str, nn.Module], combiner: nn.Module, head: nn.Module, lr: float = 1e-3
    ) -> None:
        super().__init__()
        self.encoders, self.combiner, self.head, self.lr = nn.ModuleDict(encoders), combiner, head, lr

    def forward(self, groups: dict[str, Tensor]) -> Tensor:
        """Return scores, [B, C]."""
        return self.head(self.combiner([encoder(groups[name]) for name, encoder in self.encoders.items()]))

    def training_step(self, batch: Sample, batch_idx: int) -> Tensor:
        """Return and log the loss."""
        loss = cross_entropy(self(batch[0]), batch[1])
        self.log("train_loss", loss)
        return loss

    def validation_step(self, batch: Sample, batch_idx: int) -> None:
        """Log the loss."""
        self.log("val_loss", cross_entropy(self(batch[0]), batch[1]), batch_size=len(batch[1]))

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Return Adam."""
        return torch.optim.Adam(self.parameters(), lr=self.lr)


class DigitsData(pl.LightningDataModule):
    """Groups of features of the 2,000 digits that ship, standardised; 1,700 of them to train on.

    Args:
        batch_size: Samples of a batch.
    """

    def __init__(self, batch_size: int = 64) -> None:
        super().__init__()
        self.batch_size, self.widths, self.num_classes = batch_size, dict(WIDTHS), NUM_CLASSES

    def setup(self, stage: str) -> None:
        """Read the table."""
        generator = torch.Generator().manual_seed(0)
        self.train, self.val = random_split(_Digits(), [1700, 300], generator)

    def train_dataloader(self) -> DataLoader[Sample]:
        """Return shuffled batches."""
        return DataLoader(self.train, batch_size=self.batch_size, shuffle=True)

    def val_dataloader(self) -> DataLoader[Sample]:
        """Return the rest."""
        return DataLoader(self.val, batch_size=len(self.val))


class _Digits(Dataset[Sample]):
    def __init__(self) -> None:
        packed = (files("nested_lightning") / "app/data/shipped/mfeat.csv.gz").read_bytes()
        names, *rows = csv.reader(gzip.decompress(packed).decode().splitlines())
        values = np.array(rows, dtype=np.float32)
        self.digits = torch.from_numpy(values[:, names.index("digit")]).long()
        self.groups = {group: self._standardised(values, names, group) for group in WIDTHS}

    @staticmethod
    def _standardised(values: np.ndarray, names: list[str], group: str) -> Tensor:
        columns = torch.from_numpy(values[:, [name.startswith(f"{group}_") for name in names]])
        return (columns - columns.mean(dim=0)) / columns.std(dim=0)

    def __getitem__(self, index: int) -> Sample:
        return {group: columns[index] for group, columns in self.groups.items()}, self.digits[index]

    def __len__(self) -> int:
        return len(self.digits)
