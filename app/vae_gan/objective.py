"""What a `VaeGan` minimises: its losses, and their weights and kinds.

Shapes: B pictures of a batch, C channels, S pixels to a side, F features of the discriminator.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nested_lightning.app.vae_gan.step import Generation


@dataclass(frozen=True, kw_only=True)
class VaeGanObjective:
    """Weights and kinds of the losses.

    Attributes:
        reconstruction: Where a reconstruction is compared: in ``pixels`` or in the discriminator's
            ``features`` (Larsen et al., https://arxiv.org/abs/1512.09300).
        reconstruction_weight: Weight of the reconstruction's squared error.
        kl_weight: Weight of the KL divergence after its warm-up.
        kl_warmup_fraction: Share of all training steps in which that weight rises from 0.
        adversarial_weight: Weight of the loss against the discriminator; 0, with ``pixels``: there is no GAN.
        label_smoothing: See `discrimination_loss`.
        gradient_penalty: Weight of `gradient_penalty`.
        instance_noise: Standard deviation of the noise on each pixel that the discriminator sees, real and
            generated alike (Sønderby et al., https://arxiv.org/abs/1610.04490).
    """

    reconstruction: Literal["pixels", "features"] = "pixels"
    reconstruction_weight: float = 1.0
    kl_weight: float = 0.05
    kl_warmup_fraction: float = 0.1
    adversarial_weight: float = 12.0
    label_smoothing: float = 0.1
    gradient_penalty: float = 0.02
    instance_noise: float = 0.0

    @property
    def is_adversarial(self) -> bool:
        """Whether the discriminator has any part in the training."""
        return self.adversarial_weight > 0 or self.reconstruction == "features"

    def warm_kl_weight(self, progress: float) -> float:
        """Return the weight of the KL divergence after a share ``progress`` of all steps."""
        if progress >= self.kl_warmup_fraction:
            return self.kl_weight
        return self.kl_weight * progress / self.kl_warmup_fraction

    def judge(self, discriminator: nn.Module, generations: Sequence[Generation]) -> dict[str, Tensor]:
        """Return the discriminator's ``loss``, ``real_accuracy`` and ``generated_accuracy``, scalars."""
        real = self._blur(torch.cat([each.real for each in generations]))
        generated = self._blur(torch.cat([each.generated.detach() for each in generations]))
        domain = torch.cat([each.share.domain for each in generations])
        if self.gradient_penalty:
            real.requires_grad_(True)
        real_logits, _ = discriminator(real, domain)
        logits, _ = discriminator(generated, _doubled_domains(generations))
        loss = discrimination_loss(real_logits, logits, label_smoothing=self.label_smoothing)
        if self.gradient_penalty:
            loss = loss + self.gradient_penalty * gradient_penalty(real_logits, real)
        return {
            "loss": loss,
            "real_accuracy": (real_logits.detach() > 0).float().mean(),
            "generated_accuracy": (logits.detach() < 0).float().mean(),
        }

    def vae_losses(
        self, discriminator: nn.Module, generations: Sequence[Generation]
    ) -> list[dict[str, Tensor]]:
        """Return ``reconstruction``, ``kl`` and ``adversarial`` of each VAE, scalars without weights."""
        if not self.is_adversarial:
            return [_own_losses(each) for each in generations]
        generated = self._blur(torch.cat([each.generated for each in generations]))
        logits, features = discriminator(generated, _doubled_domains(generations))
        sizes = [len(each.generated) for each in generations]
        losses = []
        for each, own, seen in zip(generations, logits.split(sizes), features.split(sizes), strict=True):
            parts = _own_losses(each) | {"adversarial": deceit_loss(own)}
            if self.reconstruction == "features":
                parts["reconstruction"] = self._feature_error(discriminator, each, seen[: len(each.real)])
            losses.append(parts)
        return losses

    def total(self, losses: dict[str, Tensor], *, progress: float) -> Tensor:
        """Return the weighted sum of one VAE's losses, a scalar."""
        total = self.reconstruction_weight * losses["reconstruction"]
        total = total + self.warm_kl_weight(progress) * losses["kl"]
        if "adversarial" in losses and self.adversarial_weight:
            total = total + self.adversarial_weight * losses["adversarial"]
        return total

    def _feature_error(self, discriminator: nn.Module, generation: Generation, features: Tensor) -> Tensor:
        with torch.no_grad():
            _, wanted = discriminator(self._blur(generation.real), generation.share.domain)
        return (features - wanted).square().sum(dim=1).mean()

    def _blur(self, pictures: Tensor) -> Tensor:
        if not self.instance_noise:
            return pictures
        return pictures + self.instance_noise * torch.randn_like(pictures)


def _own_losses(generation: Generation) -> dict[str, Tensor]:
    return {"reconstruction": generation.output.pixel_error, "kl": generation.output.kl_divergence}


def _doubled_domains(generations: Sequence[Generation]) -> Tensor:
    return torch.cat([each.share.domain.repeat(2) for each in generations])


def deceit_loss(logits: Tensor) -> Tensor:
    """Return the non-saturating loss of who made these pictures, mean over [B].

    Goodfellow et al., https://arxiv.org/abs/1406.2661.
    """
    return F.softplus(-logits).mean()


def discrimination_loss(real: Tensor, generated: Tensor, *, label_smoothing: float = 0.0) -> Tensor:
    """Return the discriminator's cross-entropy of logits of real and generated pictures, both means added.

    ``label_smoothing`` is how far the target of real ones lies below 1 (one-sided: Salimans et al.,
    https://arxiv.org/abs/1606.03498).
    """
    target = torch.full_like(real, 1 - label_smoothing)
    return F.binary_cross_entropy_with_logits(real, target) + F.softplus(generated).mean()


def gradient_penalty(logits: Tensor, pictures: Tensor) -> Tensor:
    """Return half the squared norm of the logits' gradient at real pictures, mean over [B].

    Called R1 by Mescheder et al., https://arxiv.org/abs/1801.04406. From the logits a graph leads back to the
    pictures of [B, C, S, S], which require a gradient.
    """
    (gradient,) = torch.autograd.grad(logits.sum(), pictures, create_graph=True)
    return gradient.square().flatten(1).sum(dim=1).mean() / 2
