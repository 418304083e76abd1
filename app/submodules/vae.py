"""A variational autoencoder of pictures, nested in something larger.

Shapes: B pictures, C channels, S pixels to a side, K domains of the VAE, Z latent features.
"""

from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nested_lightning.app.submodules.latent_samplers import Posterior


@dataclass(frozen=True, kw_only=True)
class VaeOutput:
    """What a VAE makes of a batch, with its losses.

    Attributes:
        reconstructions: [B, C, S, S], from 0 to 1.
        samples: [B, C, S, S], new pictures of the same domains; None where none were asked for.
        pixel_error: Squared error of a reconstruction, summed over its pixels, mean over the batch; scalar.
        kl_divergence: In nats, mean over the batch; scalar.
    """

    reconstructions: Tensor
    samples: Tensor | None
    pixel_error: Tensor
    kl_divergence: Tensor


class VariationalAutoencoder(nn.Module):
    """An encoder, a latent sampler and a decoder, for the pictures of one or several domains.

    Kingma and Welling, https://arxiv.org/abs/1312.6114. With several domains, encoder and decoder are given
    the picture's one as a one-hot condition of [B, K]; with a single one the condition is of [B, 0].

    Args:
        encoder: Maps pictures and condition to features, see `app.submodules.picture_encoders`.
        sampler: Maps features to a posterior, and draws new vectors, see `app.submodules.latent_samplers`.
        decoder: Maps latent vectors and condition to pictures, see `app.submodules.picture_decoders`. One
            that publishes ``noise_features`` above 0 takes noise of [B, noise_features] as well.
        num_domains: K.
    """

    def __init__(
        self, *, encoder: nn.Module, sampler: nn.Module, decoder: nn.Module, num_domains: int = 1
    ) -> None:
        super().__init__()
        self.num_domains = num_domains
        self.encoder = encoder
        self.sampler: Any = sampler
        self.decoder = decoder

    def forward(self, pictures: Tensor, member: Tensor, *, has_samples: bool = False) -> VaeOutput:
        """Reconstruct pictures from drawn latent vectors and noise, and return them with the losses.

        Args:
            pictures: [B, C, S, S], from 0 to 1.
            member: [B], int64, index of the domain of each among those of the VAE.
            has_samples: Whether as many new pictures are drawn as well.
        """
        condition = self._condition(member, like=pictures)
        posterior: Posterior = self.sampler(self.encoder(pictures, condition), member)
        latent = posterior.draw()
        if has_samples:  # one pass of the decoder for both
            latent = torch.cat([latent, self.sampler.draw(member, generator=None)])
            condition = condition.repeat(2, 1)
        decoded = self._decode(latent, condition, self._noise(latent))
        reconstructions = decoded[: len(pictures)]
        return VaeOutput(
            reconstructions=reconstructions,
            samples=decoded[len(pictures) :] if has_samples else None,
            pixel_error=F.mse_loss(reconstructions, pictures, reduction="sum") / len(pictures),
            kl_divergence=posterior.kl_divergence().mean(),
        )

    def encode(self, pictures: Tensor, member: Tensor) -> Tensor:
        """Return the mean of the latent vector of each picture, [B, Z]."""
        features = self.encoder(pictures, self._condition(member, like=pictures))
        posterior: Posterior = self.sampler(features, member)
        return posterior.mean

    def decode(self, latent: Tensor, member: Tensor, noise: Tensor | None = None) -> Tensor:
        """Return the picture of each latent vector, [B, C, S, S], without noise where none is given."""
        return self._decode(latent, self._condition(member, like=latent), noise)

    def sample(self, member: Tensor, *, generator: torch.Generator | None = None) -> Tensor:
        """Return new pictures of the domains of ``member``, [B, C, S, S]."""
        latent = self.sampler.draw(member, generator=generator)
        return self.decode(latent, member, self._noise(latent, generator))

    def _noise(self, latent: Tensor, generator: torch.Generator | None = None) -> Tensor | None:
        """Return what the decoder draws on for that many pictures, or None where it takes no noise."""
        width = getattr(self.decoder, "noise_features", 0)
        return torch.randn(len(latent), width, generator=generator).to(latent) if width else None

    def _decode(self, latent: Tensor, condition: Tensor, noise: Tensor | None) -> Tensor:
        return self.decoder(latent, condition) if noise is None else self.decoder(latent, condition, noise)

    def _condition(self, member: Tensor, *, like: Tensor) -> Tensor:
        if self.num_domains == 1:
            return like.new_zeros(member.shape[0], 0)
        return F.one_hot(member, self.num_domains).to(like)
