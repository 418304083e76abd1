"""What the README's family is made of: pictures with a bright corner, and networks that find it."""

import pytorch_lightning as pl
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, TensorDataset


class Pictures(pl.LightningDataModule):
    """Pictures of 4×4."""

    num_pixels, num_classes = 16, 4

    def setup(self, stage: str) -> None:
        """Draw them."""
        labels = torch.arange(64) % 4
        pictures = torch.rand(64, 16, generator=torch.Generator().manual_seed(0))
        pictures[torch.arange(64), torch.tensor([0, 3, 12, 15])[labels]] += 2
        self.data = TensorDataset(pictures, labels)

    def train_dataloader(self) -> DataLoader[tuple[Tensor, ...]]:
        """Return batches of them."""
        return DataLoader(self.data, batch_size=16)

    val_dataloader = test_dataloader = train_dataloader


class LinearNet(nn.Linear):
    """One layer."""

    def __init__(self, in_features: int, num_classes: int) -> None:
        super().__init__(in_features, num_classes)


class ConvNet(LinearNet):
    """Stands for a larger one."""


class Classifier(pl.LightningModule):
    """Learns with whatever net it is given."""

    def __init__(self, net: nn.Module, lr: float = 0.1) -> None:
        super().__init__()
        self.net, self.lr = net, lr

    def training_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> Tensor:
        """Return the loss."""
        return cross_entropy(self.net(batch[0]), batch[1])

    def validation_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> None:
        """Log the loss."""
        self.log("val_loss", self.training_step(batch, batch_idx))

    def test_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> None:
        """Log the loss."""
        self.log("test_loss", self.training_step(batch, batch_idx))

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Return Adam."""
        return torch.optim.Adam(self.parameters(), lr=self.lr)
