"""The VAEs within a GAN as they are commonly written: what an epoch of ``vae-gan`` is compared with.

A Dataset that gives one sample, a DataLoader with default collation, submodules constructed inside the
LightningModule, manual optimisation, a default Trainer that logs each step and shows its progress bar. Sizes,
losses, weights and learning rates are those of the family's defaults.

Shapes: B pictures, Z latent features.
"""

from typing import Any

import pytorch_lightning as pl
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim.lr_scheduler import CosineAnnealingLR
from torch.utils.data import DataLoader, Dataset

from nested_lightning.app.vae_gan.batch import PictureBatch
from nested_lightning.app.vae_gan.data import VaeGanDataModule

Sample = tuple[Tensor, Tensor]

HIDDEN = 256
LATENT = 8
PIXELS = 64
KL_WEIGHT = 0.05
ADVERSARIAL_WEIGHT = 12.0
PENALTY_WEIGHT = 0.02
REAL_TARGET = 0.9
MOMENTUM = 0.02


class PictureDataset(Dataset[Sample]):
    """One picture at a time, and its digit."""

    def __init__(self, pictures: PictureBatch) -> None:
        self.pictures = pictures.pictures
        self.digits = pictures.domain

    def __len__(self) -> int:
        return len(self.digits)

    def __getitem__(self, index: int) -> Sample:
        return self.pictures[index], self.digits[index]


class Decoder(nn.Module):
    """Fully connected, with learned noise on both inner layers."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(LATENT, HIDDEN), nn.Linear(HIDDEN, HIDDEN)
        self.last = nn.Linear(HIDDEN, PIXELS)
        self.scales = nn.Parameter(torch.full((2, HIDDEN), 0.1))

    def forward(self, latent: Tensor) -> Tensor:
        """Map [B, Z] to pictures of [B, 1, 8, 8]."""
        noise = torch.randn(2, len(latent), HIDDEN, device=latent.device) * self.training
        hidden = F.leaky_relu(self.first(latent) + noise[0] * self.scales[0], 0.2)
        hidden = F.leaky_relu(self.second(hidden) + noise[1] * self.scales[1], 0.2)
        return torch.sigmoid(self.last(hidden)).view(-1, 1, 8, 8)


class CommonVae(nn.Module):
    """A VAE of one digit, with running moments of its latent vectors."""

    prior_mean: Tensor
    prior_covariance: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Flatten(),
            nn.Linear(PIXELS, HIDDEN),
            nn.LeakyReLU(0.2),
            nn.Linear(HIDDEN, HIDDEN),
            nn.LeakyReLU(0.2),
            nn.Linear(HIDDEN, 2 * LATENT),
        )
        self.decoder = Decoder()
        self.register_buffer("prior_mean", torch.zeros(LATENT))
        self.register_buffer("prior_covariance", torch.eye(LATENT))

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return reconstructions, their error and the KL divergence."""
        mean, log_variance = self.encoder(pictures).chunk(2, dim=1)
        variance = log_variance.exp()
        divergence = 0.5 * (mean**2 + variance - 1 - log_variance).sum(dim=1).mean()
        if self.training:
            self._follow(mean.detach(), variance.detach())
            mean = mean + torch.randn_like(mean) * variance.sqrt()
        decoded = self.decoder(mean)
        return decoded, (decoded - pictures).square().flatten(1).sum(dim=1).mean(), divergence

    def sample(self, num_pictures: int) -> Tensor:
        """Return new pictures."""
        device = self.prior_mean.device
        root = torch.linalg.cholesky(self.prior_covariance + 1e-4 * torch.eye(LATENT, device=device))
        return self.decoder(self.prior_mean + torch.randn(num_pictures, LATENT, device=device) @ root.T)

    def _follow(self, mean: Tensor, variance: Tensor) -> None:
        centred = mean - self.prior_mean
        moment = (centred.T @ centred + torch.diag(variance.sum(dim=0))) / len(mean)
        self.prior_mean.lerp_(mean.mean(dim=0), MOMENTUM)
        self.prior_covariance.lerp_(moment, MOMENTUM)


class CommonDiscriminator(nn.Module):
    """Fully connected, with a projection of the digit."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Flatten(),
            nn.Linear(PIXELS, HIDDEN),
            nn.LeakyReLU(0.2),
            nn.Linear(HIDDEN, HIDDEN),
            nn.LeakyReLU(0.2),
        )
        self.linear = nn.Linear(HIDDEN, 1)
        self.embedding = nn.Embedding(10, HIDDEN)

    def forward(self, pictures: Tensor, digits: Tensor) -> Tensor:
        """Return logits of [B]."""
        features = self.layers(pictures)
        return self.linear(features).squeeze(1) + (self.embedding(digits) * features).sum(dim=1) / HIDDEN**0.5


class CommonVaeGan(pl.LightningModule):
    """Ten VAEs and a discriminator, each with its optimiser."""

    def __init__(self) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.vaes = nn.ModuleList(CommonVae() for _ in range(10))
        self.discriminator = CommonDiscriminator()

    def forward(self, pictures: Tensor, digits: Tensor) -> Tensor:
        """Return reconstructions."""
        result = torch.empty_like(pictures)
        for digit in digits.unique().tolist():
            result[digits == digit] = self.vaes[digit](pictures[digits == digit])[0]
        return result

    def training_step(self, batch: Sample, batch_idx: int) -> None:
        """Step the discriminator, then the VAE of each digit; log what each of them minimises."""
        pictures, digits = batch
        optimizers: Any = self.optimizers()
        *vae_optimizers, discriminator_optimizer = optimizers
        generated = {}
        for digit in digits.unique().tolist():
            own = pictures[digits == digit]
            decoded, error, divergence = self.vaes[digit](own)
            new = torch.cat([decoded, self.vaes[digit].sample(len(own))])
            generated[digit] = (new, error, divergence)

        loss = self._discriminator_loss(
            pictures, digits, {k: new.detach() for k, (new, *_) in generated.items()}
        )
        discriminator_optimizer.zero_grad()
        self.manual_backward(loss)
        discriminator_optimizer.step()

        for digit, (new, error, divergence) in generated.items():
            logits = self.discriminator(new, torch.full((len(new),), digit, device=new.device))
            adversarial = F.softplus(-logits).mean()
            vae_optimizers[digit].zero_grad()
            self.manual_backward(error + KL_WEIGHT * divergence + ADVERSARIAL_WEIGHT * adversarial)
            vae_optimizers[digit].step()
            self.log(f"train_reconstruction.{digit}", error)
            self.log(f"train_kl.{digit}", divergence)
            self.log(f"train_adversarial.{digit}", adversarial)

    def on_train_epoch_end(self) -> None:
        """Step the schedules."""
        schedules: Any = self.lr_schedulers()
        for schedule in schedules:
            schedule.step()

    def validation_step(self, batch: Sample, batch_idx: int) -> None:
        """Log the error of the reconstructions."""
        pictures, digits = batch
        errors = [self.vaes[k](pictures[digits == k])[1] for k in digits.unique().tolist()]
        self.log("val_reconstruction", torch.stack(errors).mean(), prog_bar=True)

    def configure_optimizers(self) -> Any:
        """Return Adam for each VAE and for the discriminator, with half a cosine."""
        num_epochs: Any = self.trainer.max_epochs
        modules = [*self.vaes, self.discriminator]
        optimizers = [torch.optim.Adam(m.parameters(), lr=1e-3, betas=(0.5, 0.999)) for m in modules]
        return optimizers, [CosineAnnealingLR(optimizer, num_epochs) for optimizer in optimizers]

    def _discriminator_loss(self, pictures: Tensor, digits: Tensor, generated: dict[int, Tensor]) -> Tensor:
        real = pictures.detach().requires_grad_(True)
        real_logits = self.discriminator(real, digits)
        fake = torch.cat(list(generated.values()))
        fake_digits = torch.cat(
            [torch.full((len(new),), digit, device=new.device) for digit, new in generated.items()]
        )
        fake_logits = self.discriminator(fake, fake_digits)
        target = torch.full_like(real_logits, REAL_TARGET)
        loss = F.binary_cross_entropy_with_logits(real_logits, target) + F.softplus(fake_logits).mean()
        (gradient,) = torch.autograd.grad(real_logits.sum(), real, create_graph=True)
        penalty = gradient.square().flatten(1).sum(dim=1).mean() / 2
        self.log("train_discriminator_loss", loss, prog_bar=True)
        self.log("train_discriminator_real_accuracy", (real_logits > 0).float().mean())
        self.log("train_discriminator_generated_accuracy", (fake_logits < 0).float().mean())
        return loss + PENALTY_WEIGHT * penalty


def fit_commonly(data: VaeGanDataModule, trainer_arguments: Any, *, batch_size: int) -> float:
    """Train as one usually would; return the mean error of the reconstructions of the validation part."""
    train, val = data.part("train"), data.part("val")
    model = CommonVaeGan()
    pl.Trainer(**trainer_arguments).fit(
        model,
        DataLoader(PictureDataset(train), batch_size=batch_size, shuffle=True, drop_last=True),
        DataLoader(PictureDataset(val), batch_size=batch_size),
    )
    with torch.no_grad():
        rebuilt = model.eval()(val.pictures, val.domain)
    return float((rebuilt - val.pictures).square().flatten(1).sum(dim=1).mean())
