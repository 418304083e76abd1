"""Two VAEs, each wired by a function of its own, with a width that encoder and decoder share."""

import pytorch_lightning as pl
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from nested_lightning import Part, Parts, family, part, parts


class Curves(pl.LightningDataModule):
    """Noisy sines and cosines, in two domains."""

    def __init__(self, num_samples: int = 32, length: int = 8) -> None:
        super().__init__()
        self.num_samples, self.length = num_samples, length
        self.domains = ("sine", "cosine")

    def setup(self, stage: str) -> None:
        """Draw."""
        generator = torch.Generator().manual_seed(0)
        angle = torch.linspace(0, 6.28, self.length) + torch.rand(self.num_samples, 1, generator=generator)
        self.curves = TensorDataset(angle.sin(), angle.cos())

    def train_dataloader(self) -> DataLoader[tuple[Tensor, ...]]:
        """Return pairs of curves."""
        return DataLoader(self.curves, batch_size=8)

    def val_dataloader(self) -> DataLoader[tuple[Tensor, ...]]:
        """Return the same."""
        return self.train_dataloader()


class Encoder(nn.Module):
    """One layer and an activation.

    Args:
        in_features: Length of a curve.
        out_features: Width of the latent vector.
        activation: Makes an activation.
    """

    def __init__(self, in_features: int, out_features: int, activation: Part[nn.Module] = nn.ReLU) -> None:
        super().__init__()
        self.in_features, self.out_features = in_features, out_features
        self.layers = nn.Sequential(nn.Linear(in_features, out_features), activation(), activation())

    def forward(self, x: Tensor) -> Tensor:
        """Map curves to latent vectors."""
        latent: Tensor = self.layers(x)
        return latent


class Vae(nn.Module):
    """An encoder and a decoder."""

    def __init__(self, encoder: nn.Module, decoder: nn.Module) -> None:
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def forward(self, x: Tensor) -> Tensor:
        """Reconstruct."""
        curve: Tensor = self.decoder(self.encoder(x))
        return curve


class Pair(pl.LightningModule):
    """A VAE for each domain."""

    def __init__(self, vaes: nn.ModuleDict, lr: float = 0.01) -> None:
        super().__init__()
        self.vaes, self.lr = vaes, lr

    def training_step(self, batch: list[Tensor], batch_idx: int) -> Tensor:
        """Return the error of reconstructions."""
        return self._error(batch)

    def validation_step(self, batch: list[Tensor], batch_idx: int) -> None:
        """Log the error of reconstructions."""
        self.log("val_loss", self._error(batch))

    def _error(self, batch: list[Tensor]) -> Tensor:
        pairs = zip(self.vaes.values(), batch, strict=True)
        return torch.stack([(vae(curves) - curves).square().mean() for vae, curves in pairs]).sum()

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Return Adam."""
        return torch.optim.Adam(self.parameters(), lr=self.lr)


def vae(
    length: int,
    latent_dim: int,
    encoder: Part[nn.Module] = part(plain=Encoder),
    decoder: Part[nn.Module] = part(linear=nn.Linear),
    activation: Part[nn.Module] = part(relu=nn.ReLU, tanh=nn.Tanh),
) -> Vae:
    """Wire one VAE."""
    encoded = encoder(in_features=length, out_features=latent_dim, activation=activation)
    return Vae(encoded, decoder(latent_dim, length))


@family("curve-pair")
def curve_pair(
    data: Curves, model: Part[Pair], vaes: Parts[Vae] = parts(vae, each="vae"), latent_dim: int = 3
) -> Pair:
    """Reconstruct curves of two domains."""
    built = {name: vaes[name](length=data.length, latent_dim=latent_dim) for name in data.domains}
    return model(vaes=nn.ModuleDict(built))
