"""An image classifier with an injected net and optimiser: plain Lightning, and a family by one function."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, TensorDataset, random_split
from torchmetrics import MaxMetric, MeanMetric
from torchmetrics.classification import MulticlassAccuracy

from nested_lightning import Part, family, part


class Squares(pl.LightningDataModule):
    """Small pictures of a bright square in one of four corners.

    Args:
        num_samples: How many are drawn.
        size: Height and width.
        batch_size: Samples of a batch.
    """

    def __init__(self, num_samples: int = 80, size: int = 6, batch_size: int = 16) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.size, self.num_classes = size, 4

    def setup(self, stage: str) -> None:
        """Draw and split."""
        generator = torch.Generator().manual_seed(0)
        number = int(self.hparams["num_samples"])
        labels = torch.randint(4, (number,), generator=generator)
        pictures = 0.3 * torch.rand(number, 1, self.size, self.size, generator=generator)
        half = self.size // 2
        for picture, label in zip(pictures, labels.tolist(), strict=True):
            picture[0, label // 2 * half :, label % 2 * half :][:half, :half] += 0.5
        data = TensorDataset(pictures, labels)
        self.train, self.val, self.test = random_split(data, [0.6, 0.2, 0.2], generator)

    def train_dataloader(self) -> DataLoader[Any]:
        """Return the training part."""
        return DataLoader(self.train, batch_size=int(self.hparams["batch_size"]), shuffle=True)

    def val_dataloader(self) -> DataLoader[Any]:
        """Return the validation part."""
        return DataLoader(self.val, batch_size=64)

    def test_dataloader(self) -> DataLoader[Any]:
        """Return the test part."""
        return DataLoader(self.test, batch_size=64)


class DenseNet(nn.Module):
    """Linear layers with batch normalisation.

    Args:
        in_features: Numbers of a picture.
        num_classes: Classes.
        hidden_features: Width of the layer between.
    """

    def __init__(self, in_features: int, num_classes: int, hidden_features: int = 16) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Flatten(),
            nn.Linear(in_features, hidden_features),
            nn.BatchNorm1d(hidden_features),
            nn.ReLU(),
            nn.Linear(hidden_features, num_classes),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map pictures to logits."""
        logits: Tensor = self.layers(x)
        return logits


class LinearNet(nn.Module):
    """One linear layer."""

    def __init__(self, in_features: int, num_classes: int) -> None:
        super().__init__()
        self.layer = nn.Linear(in_features, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        """Map pictures to logits."""
        logits: Tensor = self.layer(x.flatten(1))
        return logits


class CornerClassifier(pl.LightningModule):
    """Classifies pictures by an injected net."""

    def __init__(
        self,
        net: nn.Module,
        optimizer: Callable[[Iterable[nn.Parameter]], torch.optim.Optimizer],
        num_classes: int,
        use_smoothing: bool = False,
    ) -> None:
        super().__init__()
        self.net, self.optimizer = net, optimizer
        self.smoothing = 0.1 if use_smoothing else 0.0
        self.train_acc = MulticlassAccuracy(num_classes)
        self.val_acc, self.test_acc = MulticlassAccuracy(num_classes), MulticlassAccuracy(num_classes)
        self.val_acc_best, self.train_loss = MaxMetric(), MeanMetric()

    def forward(self, x: Tensor) -> Tensor:
        """Map pictures to logits."""
        logits: Tensor = self.net(x)
        return logits

    def training_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> Tensor:
        """Return and log the loss."""
        logits = self(batch[0])
        loss = cross_entropy(logits, batch[1], label_smoothing=self.smoothing)
        self.train_loss(loss)
        self.train_acc(logits, batch[1])
        self.log("train/loss", self.train_loss, on_step=False, on_epoch=True)
        self.log("train/acc", self.train_acc, on_step=False, on_epoch=True)
        return loss

    def validation_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> None:
        """Log loss and accuracy."""
        logits = self(batch[0])
        self.val_acc(logits, batch[1])
        self.log("val/loss", cross_entropy(logits, batch[1]))
        self.log("val/acc", self.val_acc)

    def on_validation_epoch_end(self) -> None:
        """Log the best accuracy so far."""
        self.val_acc_best(self.val_acc.compute())
        self.log("val/acc_best", self.val_acc_best.compute())

    def test_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> None:
        """Log the accuracy."""
        self.test_acc(self(batch[0]), batch[1])
        self.log("test/acc", self.test_acc)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Return the injected optimiser."""
        return self.optimizer(self.parameters())


def adam(parameters: Iterable[nn.Parameter], lr: float = 0.01) -> torch.optim.Optimizer:
    """Return Adam."""
    return torch.optim.Adam(parameters, lr=lr)


sgd = partial(torch.optim.SGD, lr=0.1)


@family("corners", defaults={"trainer": {"monitor": "val/loss"}})
def corners(
    data: Squares,
    model: Part[CornerClassifier],
    net: Part[nn.Module] = part(dense=DenseNet, linear=LinearNet),
    optimizer: Part[torch.optim.Optimizer] = part(adam=adam),
) -> CornerClassifier:
    """Tell the corner of a picture that is bright."""
    wide = net(in_features=data.size**2, num_classes=data.num_classes)
    return model(net=wide, optimizer=optimizer, num_classes=data.num_classes)
