"""Tells whether a point lies within a circle: put your own data, model and parts in the places of these."""

import pytorch_lightning as pl
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, TensorDataset, random_split

import nested_lightning as nl


class Points(pl.LightningDataModule):
    """Points of a plane, drawn at random.

    Args:
        num_samples: How many.
        batch_size: Points of a batch.
    """

    def __init__(self, num_samples: int = 500, batch_size: int = 25) -> None:
        super().__init__()
        self.num_samples, self.batch_size = num_samples, batch_size
        self.num_features, self.num_classes = 2, 2

    def setup(self, stage: str) -> None:
        """Draw and split them."""
        generator = torch.Generator().manual_seed(0)
        points = torch.randn(self.num_samples, self.num_features, generator=generator)
        is_within = points.norm(dim=1) < 1.2
        data = TensorDataset(points, is_within.long())
        self.train, self.val, self.test = random_split(data, [0.6, 0.2, 0.2], generator)

    def train_dataloader(self) -> DataLoader[tuple[Tensor, ...]]:
        """Return batches to learn from."""
        return DataLoader(self.train, batch_size=self.batch_size, shuffle=True)

    def val_dataloader(self) -> DataLoader[tuple[Tensor, ...]]:
        """Return batches that choose the best checkpoint."""
        return DataLoader(self.val, batch_size=self.batch_size)

    def test_dataloader(self) -> DataLoader[tuple[Tensor, ...]]:
        """Return batches for the scores."""
        return DataLoader(self.test, batch_size=self.batch_size)


class Encoder(nn.Sequential):
    """One layer.

    Args:
        in_features: Width of what comes in; the wiring gives it.
        out_features: Width of what comes out.
    """

    def __init__(self, in_features: int, out_features: int = 16) -> None:
        super().__init__(nn.Linear(in_features, out_features), nn.ReLU())
        self.out_features = out_features


class Classifier(pl.LightningModule):
    """An encoder and a head.

    Args:
        encoder: Maps points to features.
        head: Maps features to logits.
        lr: Learning rate.
    """

    def __init__(self, encoder: nn.Module, head: nn.Module, lr: float = 0.01) -> None:
        super().__init__()
        self.encoder, self.head, self.lr = encoder, head, lr

    def forward(self, points: Tensor) -> Tensor:
        """Map points to logits."""
        logits: Tensor = self.head(self.encoder(points))
        return logits

    def training_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> Tensor:
        """Return the loss."""
        return cross_entropy(self(batch[0]), batch[1])

    def validation_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> None:
        """Log the loss and the accuracy."""
        logits = self(batch[0])
        self.log("val_loss", cross_entropy(logits, batch[1]))
        self.log("val_accuracy", (logits.argmax(dim=1) == batch[1]).float().mean())

    def test_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> None:
        """Log the accuracy."""
        self.log("test_accuracy", (self(batch[0]).argmax(dim=1) == batch[1]).float().mean())

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Return Adam."""
        return torch.optim.Adam(self.parameters(), lr=self.lr)


@nl.family("my-family")
def my_family(
    data: Points,
    model: nl.Part[Classifier],
    encoder: nl.Part[nn.Module] = nl.part(dense=Encoder),
    head: nl.Part[nn.Module] = nl.part(linear=nn.Linear),
) -> Classifier:
    """Tell whether a point lies within a circle."""
    encoded = encoder(in_features=data.num_features)
    return model(encoder=encoded, head=head(encoded.out_features, data.num_classes))
