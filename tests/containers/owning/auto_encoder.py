"""A nested auto-encoder of plain Lightning, which also predicts; below, what wires it."""
# mypy: disable-error-code="no-untyped-def"

from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset
from torchmetrics import MeanSquaredError

from nested_lightning import Part, family, part


class Waves(pl.LightningDataModule):
    """Sines of several phases.

    Args:
        num_samples: How many.
        length: Numbers of a wave.
    """

    def __init__(self, num_samples: int = 24, length: int = 8) -> None:
        super().__init__()
        self.num_samples, self.length = num_samples, length

    def setup(self, stage: str) -> None:
        phases = torch.linspace(0, 6.28, self.num_samples)[:, None]
        self.waves = (phases + torch.linspace(0, 6.28, self.length)).sin()

    def train_dataloader(self) -> DataLoader[Any]:
        return DataLoader(TensorDataset(self.waves), batch_size=8)

    def val_dataloader(self) -> DataLoader[Any]:
        return self.train_dataloader()

    def predict_dataloader(self) -> DataLoader[Any]:
        return DataLoader(TensorDataset(self.waves[:10]), batch_size=4)


class Encoder(nn.Sequential):
    """Maps waves to latent vectors."""

    def __init__(self, length: int, latent_dim: int, hidden_features: int = 16) -> None:
        first, last = nn.Linear(length, hidden_features), nn.Linear(hidden_features, latent_dim)
        super().__init__(first, nn.ReLU(), last)


class Decoder(nn.Sequential):
    """Maps latent vectors to waves."""

    def __init__(self, latent_dim: int, length: int, hidden_features: int = 16) -> None:
        first, last = nn.Linear(latent_dim, hidden_features), nn.Linear(hidden_features, length)
        super().__init__(first, nn.ReLU(), last)


class AutoEncoder(nn.Module):
    """An encoder and a decoder."""

    def __init__(self, encoder: nn.Module, decoder: nn.Module) -> None:
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def forward(self, x: Tensor) -> Tensor:
        return self.decoder(self.encoder(x))


class Reconstruction(pl.LightningModule):
    """Learns to give back what it gets."""

    def __init__(self, net: AutoEncoder, lr: float = 0.01) -> None:
        super().__init__()
        self.net, self.lr, self.val_error = net, lr, MeanSquaredError()

    def training_step(self, batch: list[Tensor], batch_idx: int) -> Tensor:
        return (self.net(batch[0]) - batch[0]).square().mean()

    def validation_step(self, batch: list[Tensor], batch_idx: int) -> None:
        self.val_error(self.net(batch[0]), batch[0])
        self.log("val_loss", self.val_error)

    def predict_step(self, batch: list[Tensor], batch_idx: int) -> dict[str, Tensor]:
        latent = self.net.encoder(batch[0])
        error = (self.net.decoder(latent) - batch[0]).square().mean(dim=1)
        return {"latent": latent, "error": error}

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.Adam(self.parameters(), lr=self.lr)


def auto_encoder(length: int, latent_dim: int = 2, encoder=part(Encoder), decoder=part(Decoder)):
    return AutoEncoder(encoder(length, latent_dim), decoder(latent_dim, length))


@family("waves")
def waves(data: Waves, model: Part[Reconstruction], net=part(auto_encoder)):
    return model(net(data.length))
