"""Latent samplers: features in, a distribution of latent vectors out; and what new ones are drawn from.

Each is given ``in_features``, which are F, ``num_domains``, K, and ``latent_features``, Z, which it publishes
as ``out_features``.

Shapes: B pictures, F features, Z latent features, K domains of the VAE.
"""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor, nn

MIN_LOG_VARIANCE, MAX_LOG_VARIANCE = -8.0, 4.0
MIN_VARIANCE = 1e-4


@dataclass(frozen=True, kw_only=True)
class Posterior:
    """The normal distribution of the latent vector of each picture.

    Attributes:
        mean: [B, Z].
        log_variance: [B, Z].
    """

    mean: Tensor
    log_variance: Tensor

    def draw(self) -> Tensor:
        """Return one vector for each picture, [B, Z], through which gradients flow."""
        return self.mean + torch.randn_like(self.mean) * (self.log_variance / 2).exp()

    def kl_divergence(self) -> Tensor:
        """Return the divergence from the standard normal distribution in nats, [B]."""
        return 0.5 * (self.mean**2 + self.log_variance.exp() - 1 - self.log_variance).sum(dim=1)


class GaussianSampler(nn.Module):
    """A normal posterior of independent features, and the standard normal distribution as prior.

    Kingma and Welling, https://arxiv.org/abs/1312.6114.
    """

    def __init__(self, *, in_features: int, num_domains: int, latent_features: int = 8) -> None:
        super().__init__()
        self.in_features = in_features
        self.num_domains = num_domains
        self.out_features = latent_features
        self.linear = nn.Linear(in_features, 2 * latent_features)

    def forward(self, features: Tensor, member: Tensor) -> Posterior:
        """Map ``features`` of [B, F] to the posterior; ``member`` of [B] is the domain within the VAE."""
        mean, log_variance = self.linear(features).chunk(2, dim=1)
        return Posterior(mean=mean, log_variance=log_variance.clamp(MIN_LOG_VARIANCE, MAX_LOG_VARIANCE))

    def draw(self, member: Tensor, *, generator: torch.Generator | None = None) -> Tensor:
        """Return new latent vectors, [B, Z].

        Args:
            member: [B], int64, index of the domain of each among those of the VAE.
            generator: On the CPU; None: torch's own.
        """
        noise = torch.randn(len(member), self.out_features, generator=generator)
        return noise.to(self.linear.weight)

    def prior(self) -> tuple[Tensor, Tensor]:
        """Return mean and factor of the distribution that `draw` draws from: [K, Z] and [K, Z, Z].

        Standard normal noise is multiplied by the factor of its domain, and the mean added.
        """
        mean = self.linear.weight.new_zeros(self.num_domains, self.out_features)
        return mean, torch.eye(self.out_features).to(mean).repeat(self.num_domains, 1, 1)


class FittedGaussianSampler(GaussianSampler):
    """Draws new vectors from the distribution of the domain's training pictures.

    For each domain it keeps running moments of the aggregated posterior in training, and draws from the
    normal distribution with this mean and covariance. An ordinary prior leaves holes where no picture lies,
    the more so the smaller the weight of the KL divergence (Ghosh et al.,
    https://arxiv.org/abs/1903.12436).

    Args:
        momentum: Share of a new picture's moments in the running ones, in (0, 1).
    """

    prior_mean: Tensor
    prior_covariance: Tensor
    num_seen: Tensor

    def __init__(
        self, *, in_features: int, num_domains: int, latent_features: int = 8, momentum: float = 0.002
    ) -> None:
        super().__init__(in_features=in_features, num_domains=num_domains, latent_features=latent_features)
        self.momentum = momentum
        self.register_buffer("prior_mean", torch.zeros(num_domains, latent_features))
        self.register_buffer("prior_covariance", torch.eye(latent_features).repeat(num_domains, 1, 1))
        self.register_buffer("num_seen", torch.zeros(num_domains))

    def forward(self, features: Tensor, member: Tensor) -> Posterior:
        """Map ``features`` of [B, F] to the posterior; in training the running moments follow."""
        posterior = super().forward(features, member)
        if self.training:
            with _full_precision(features.device.type):
                self._follow(posterior, member)
        return posterior

    def draw(self, member: Tensor, *, generator: torch.Generator | None = None) -> Tensor:
        """Return new latent vectors of the domains of ``member``, [B, Z]."""
        noise = super().draw(member, generator=generator)
        mean, factors = self.prior()
        return mean[member] + (factors.to(noise)[member] @ noise.unsqueeze(2)).squeeze(2)

    def prior(self) -> tuple[Tensor, Tensor]:
        """Return the running mean, and a factor of the running covariance, of each domain."""
        floor = MIN_VARIANCE * torch.eye(self.out_features, device=self.prior_covariance.device)
        # without a check: where the training diverges, the losses say so
        return self.prior_mean, torch.linalg.cholesky_ex(self.prior_covariance.float() + floor).L

    @torch.no_grad()
    def _follow(self, posterior: Posterior, member: Tensor) -> None:
        """Take a batch into the running moments of its domains."""
        latents, variances = (
            posterior.mean.to(self.prior_mean),
            posterior.log_variance.to(self.prior_mean).exp(),
        )
        chosen = nn.functional.one_hot(member, self.num_domains).to(latents)
        count = chosen.sum(dim=0)
        shares = chosen / count.clamp(min=1)
        mean = shares.T @ latents
        centred = latents - mean[member]
        covariance = torch.einsum("bk,bi,bj->kij", shares, centred, centred)
        covariance = covariance + torch.diag_embed(shares.T @ variances)
        self.num_seen += count
        rate = (count / self.num_seen.clamp(min=1)).maximum(1 - (1 - self.momentum) ** count)
        shift = mean - self.prior_mean
        between = torch.einsum("k,ki,kj->kij", rate * (1 - rate), shift, shift)
        self.prior_mean.lerp_(mean, rate[:, None])
        self.prior_covariance.lerp_(covariance, rate[:, None, None]).add_(between)


def _full_precision(device_type: str) -> AbstractContextManager[object]:
    has_autocast = torch.amp.is_autocast_available(device_type)  # meta has none
    return torch.autocast(device_type, enabled=False) if has_autocast else nullcontext()
