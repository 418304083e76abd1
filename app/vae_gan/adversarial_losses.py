"""Losses of a discriminator and of those that it judges.

Shapes: B pictures, C channels, S pixels to a side.
"""

import torch
import torch.nn.functional as F
from torch import Tensor


def deceit_loss(logits: Tensor) -> Tensor:
    """Return the non-saturating loss of who made these pictures, mean over [B].

    Goodfellow et al., https://arxiv.org/abs/1406.2661.
    """
    return F.softplus(-logits).mean()


def discrimination_loss(real: Tensor, generated: Tensor, *, label_smoothing: float = 0.0) -> Tensor:
    """Return the discriminator's cross-entropy, the sum of both means.

    Args:
        real: Logits of real pictures.
        generated: Logits of generated ones.
        label_smoothing: How far the target of real pictures lies below 1 (one-sided: Salimans et al.,
            https://arxiv.org/abs/1606.03498).
    """
    target = torch.full_like(real, 1 - label_smoothing)
    return F.binary_cross_entropy_with_logits(real, target) + F.softplus(generated).mean()


def gradient_penalty(logits: Tensor, pictures: Tensor) -> Tensor:
    """Return half the squared norm of the logits' gradient at real pictures, mean over [B].

    Called R1 by Mescheder et al., https://arxiv.org/abs/1801.04406.

    Args:
        logits: Of the pictures, with a graph back to them.
        pictures: [B, C, S, S], which require a gradient.
    """
    (gradient,) = torch.autograd.grad(logits.sum(), pictures, create_graph=True)
    return gradient.square().flatten(1).sum(dim=1).mean() / 2
