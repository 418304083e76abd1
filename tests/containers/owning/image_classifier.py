"""An image classifier of plain Lightning with injected net, optimiser and scheduler; below, what wires it."""
# mypy: disable-error-code="no-untyped-def"

from collections.abc import Callable
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.optim import Adam
from torch.optim.lr_scheduler import LinearLR
from torch.utils.data import DataLoader, TensorDataset, random_split
from torchmetrics import MaxMetric, MeanMetric
from torchmetrics.classification import MulticlassAccuracy

from nested_lightning import Part, family, part


class Digits(pl.LightningDataModule):
    """Pictures with bright columns.

    Args:
        num_samples: How many are drawn.
        batch_size: Pictures of a batch.
    """

    def __init__(self, num_samples: int = 60, batch_size: int = 12) -> None:
        super().__init__()
        self.num_samples, self.batch_size = num_samples, batch_size
        self.shape, self.num_classes = (1, 6, 6), 3

    def setup(self, stage: str) -> None:
        generator = torch.Generator().manual_seed(0)
        labels = torch.randint(self.num_classes, (self.num_samples,), generator=generator)
        pictures = 0.3 * torch.rand(self.num_samples, *self.shape, generator=generator)
        for picture, label in zip(pictures, labels.tolist(), strict=True):
            picture[0, :, 2 * label : 2 * label + 2] += 0.5
        parts = random_split(TensorDataset(pictures, labels), [0.6, 0.2, 0.2], generator)
        self.train, self.val, self.test = parts

    def train_dataloader(self) -> DataLoader[Any]:
        return DataLoader(self.train, batch_size=self.batch_size, shuffle=True)

    def val_dataloader(self) -> DataLoader[Any]:
        return DataLoader(self.val, batch_size=self.batch_size)

    def test_dataloader(self) -> DataLoader[Any]:
        return DataLoader(self.test, batch_size=self.batch_size)


class DenseNet(nn.Module):
    """Three layers.

    Args:
        in_features: Numbers of a picture.
        out_features: Classes.
        hidden_features: Width of the layer between.
    """

    def __init__(self, in_features: int, out_features: int, hidden_features: int = 16) -> None:
        super().__init__()
        first, last = nn.Linear(in_features, hidden_features), nn.Linear(hidden_features, out_features)
        self.layers = nn.Sequential(nn.Flatten(), first, nn.BatchNorm1d(hidden_features), nn.ReLU(), last)

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


class Classifier(pl.LightningModule):
    """Classifies pictures by an injected net."""

    def __init__(
        self, net: nn.Module, optimizer: Callable[..., Any] = Adam, scheduler: Callable[..., Any] = LinearLR
    ) -> None:
        super().__init__()
        self.net, self.optimizer, self.scheduler = net, optimizer, scheduler
        self.train_acc, self.val_acc, self.test_acc = (MulticlassAccuracy(3) for _ in range(3))
        self.val_acc_best, self.train_loss = MaxMetric(), MeanMetric()

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x)

    def training_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> Tensor:
        logits = self(batch[0])
        loss = cross_entropy(logits, batch[1])
        self.train_loss(loss)
        self.train_acc(logits, batch[1])
        self.log("train/loss", self.train_loss, on_step=False, on_epoch=True)
        self.log("train/acc", self.train_acc, on_step=False, on_epoch=True)
        return loss

    def validation_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> None:
        logits = self(batch[0])
        self.val_acc(logits, batch[1])
        self.log("val_loss", cross_entropy(logits, batch[1]))
        self.log("val/acc", self.val_acc)

    def on_validation_epoch_end(self) -> None:
        self.val_acc_best(self.val_acc.compute())
        self.log("val/acc_best", self.val_acc_best.compute())

    def test_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> None:
        self.test_acc(self(batch[0]), batch[1])
        self.log("test/acc", self.test_acc)

    def configure_optimizers(self) -> Any:
        optimizer = self.optimizer(self.parameters())
        return {"optimizer": optimizer, "lr_scheduler": self.scheduler(optimizer)}


@family("pictures")
def pictures(data: Digits, model: Part[Classifier], net=part(DenseNet), adam=part(Adam), rate=part(LinearLR)):
    return model(net(36, data.num_classes), adam, rate)
