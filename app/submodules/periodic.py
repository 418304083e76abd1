"""Embeddings of numbers by periodic functions, with which a network can bend sharply.

Shapes: B rows of a batch, D columns, K frequencies, E numbers that a column becomes.
"""

import math

import torch
from torch import Tensor, nn

_SLOW, _FAST = 0.1, 6.0
"""Learning rates as multiples of the optimiser's: what is used is this multiple of a parameter, which is the
same with Adam and its like, whose steps don't depend on the size of a gradient."""


class PeriodicEmbedding(nn.Module):
    """Each column as itself and E - 1 linear functions of K cosines of it, all with a learnt scale.

    After Gorishniy et al. 2022 (arXiv 2203.05556), as in RealMLP (Holzmüller et al. 2024, arXiv 2407.04491):
    all but the scale is learnt at a tenth of the common rate, and that at six times of it.

    Args:
        in_features: D, at least 1.
        num_frequencies: K.
        embedding_features: E, at least 2.
        deviation: Standard deviation of the first frequencies, in periods for a spread of the column.

    Attributes:
        names: The parameters that `embed` takes; the last dimension of each is D.
    """

    names = ("frequency", "phase", "weight", "bias", "scale")

    def __init__(
        self,
        *,
        in_features: int,
        num_frequencies: int = 16,
        embedding_features: int = 4,
        deviation: float = 0.1,
    ) -> None:
        super().__init__()
        self.in_features = in_features
        self.out_features = in_features * embedding_features
        waves, bound = (num_frequencies, in_features), 1 / math.sqrt(num_frequencies)
        linear = (num_frequencies, embedding_features - 1, in_features)
        self.frequency = nn.Parameter(torch.randn(waves) * (deviation / _SLOW))
        self.phase = nn.Parameter(torch.empty(waves).uniform_(-math.pi, math.pi) / _SLOW)
        self.weight = nn.Parameter(torch.empty(linear).uniform_(-bound, bound) / _SLOW)
        self.bias = nn.Parameter(torch.empty(linear[1:]).uniform_(-bound, bound) / _SLOW)
        self.scale = nn.Parameter(torch.full((embedding_features, in_features), 1 / _FAST))

    def forward(self, x: Tensor) -> Tensor:
        """Map ``x`` of [B, D], float, to [B, D * E], the numbers of a column beside each other."""
        return embed(x[None], *(getattr(self, name)[None] for name in self.names))[0]


def embed(x: Tensor, frequency: Tensor, phase: Tensor, weight: Tensor, bias: Tensor, scale: Tensor) -> Tensor:
    """Embed the columns of G groups at once: ``x`` of [G, B, D], and what each learns with G before it."""
    x_GB1D = x.unsqueeze(2)
    angle_GBKD = torch.addcmul(
        (_SLOW * phase).unsqueeze(1), x_GB1D, (_SLOW * math.tau * frequency).unsqueeze(1)
    )
    linear = torch.einsum("gbkd,gked->gbed", angle_GBKD.cos(), weight) + bias.unsqueeze(1)
    embedded_GBED = torch.cat([x_GB1D, _SLOW * linear], dim=2) * (_FAST * scale).unsqueeze(1)
    return embedded_GBED.transpose(2, 3).flatten(2)
