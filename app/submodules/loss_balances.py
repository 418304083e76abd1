"""Balances of the variants' losses: a variant's mean loss in, the loss to minimise out.

Each is given ``weights``, at least 0, and ``num_sequences``, those to train on, both by the variant's name.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from nested_lightning.app.assembly.names import escape_name


class FixedBalance(nn.Module):
    """Each loss times its variant's weight; numbers of sequences are of no account."""

    def __init__(self, *, weights: Mapping[str, float], num_sequences: Mapping[str, int]) -> None:
        super().__init__()
        self.weights = dict(weights)

    def forward(self, variant: str, loss: Tensor) -> Tensor:
        """Weigh the mean loss of one variant, a scalar."""
        return loss * self.weights[variant]

    def effective_weight(self, variant: str) -> float:
        """Return the factor of a variant's loss as it is now."""
        return self.weights[variant]


class CountBalance(FixedBalance):
    """Each loss times its variant's weight, divided by the variant's share of all training sequences.

    Where batches are drawn in proportion to the numbers of sequences, all variants then count alike. The
    factors of V variants are scaled so that they are 1 where all have the same number; one without any
    sequences counts as one with 1.
    """

    def __init__(self, *, weights: Mapping[str, float], num_sequences: Mapping[str, int]) -> None:
        mean = sum(num_sequences.values()) / len(num_sequences)
        by_count = {name: weights[name] * mean / max(1, num_sequences[name]) for name in weights}
        super().__init__(weights=by_count, num_sequences=num_sequences)


class UncertaintyBalance(nn.Module):
    """Weights that are learned with the model (Kendall, Gal and Cipolla 2018, arXiv 1705.07115).

    A classification loss L becomes ``L / σ² + log σ`` with one learned σ for each variant, here by ``log
    σ²``, which starts at 0, so that the weight starts at the variant's own one. Each variant's σ is a
    parameter of its own, so that a step of one variant doesn't move the others'. The weights that are given
    are further factors of the whole; numbers of sequences are of no account.
    """

    def __init__(self, *, weights: Mapping[str, float], num_sequences: Mapping[str, int]) -> None:
        super().__init__()
        self.weights = dict(weights)
        self.log_variances = nn.ParameterDict(
            {escape_name(name): nn.Parameter(torch.zeros(())) for name in weights}
        )

    def forward(self, variant: str, loss: Tensor) -> Tensor:
        """Weigh the mean loss of one variant, a scalar."""
        log_variance = self.log_variances[escape_name(variant)]
        return self.weights[variant] * (torch.exp(-log_variance) * loss + 0.5 * log_variance)

    def effective_weight(self, variant: str) -> float:
        """Return the factor of a variant's loss as it is now."""
        return self.weights[variant] * float(torch.exp(-self.log_variances[escape_name(variant)].detach()))
