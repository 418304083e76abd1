"""Heads: one vector in, as many outputs as an objective needs out.

Each is given, and publishes, ``in_features``, which are F_in, and ``out_features``, C.

Shapes: B rows of a batch, F_in features of the combined vector, C outputs (of a member, where there are
several), M members, W hidden features.
"""

import math

import torch
from torch import Tensor, nn

from nested_lightning.app.submodules.feature_extractors import LinearFeatureExtractor


class LinearHead(LinearFeatureExtractor):
    """One fully connected layer: from [B, F_in], float, to logits of [B, C]."""

    def __init__(self, *, in_features: int, out_features: int) -> None:
        super().__init__(in_features=in_features, out_features=out_features)


class NormalizedHead(nn.Module):
    """Batch normalisation, ReLU and dropout before one fully connected layer.

    Args:
        dropout: Share of inputs set to zero in training, in [0, 1).
    """

    def __init__(self, *, in_features: int, out_features: int, dropout: float = 0.3) -> None:
        super().__init__()
        self.in_features = in_features
        self.out_features = out_features
        self.layers = nn.Sequential(
            nn.BatchNorm1d(in_features), nn.ReLU(), nn.Dropout(dropout), nn.Linear(in_features, out_features)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map ``x`` of [B, F_in], float, to logits of [B, C]; in training B is at least 2."""
        # features of a stack lie before its rows, which batch normalisation is several times slower with
        return self.layers(x.contiguous())


class MemberHead(nn.Module):
    """Several small networks that are trained as one, each on a loss of its own; their answers are averaged.

    Ensembles of this kind are those of TabM (Gorishniy et al. 2024, arXiv 2410.24210), here with weights that
    aren't shared. Each has hidden layers with batch normalisation, ReLU and dropout.

    A vector of more features than ``max_features`` comes of many groups or wide ones, whose extractors have
    hidden layers already: it goes through the layers of a `NormalizedHead`.

    Args:
        num_members: M, at least 1.
        hidden_features: W, the width of a member's hidden layers.
        num_layers: Number of these, at least 1.
        max_features: Most features of a vector that members see; 0: there are none.
        dropout: Share of hidden values set to zero in training, in [0, 1).
    """

    def __init__(
        self,
        *,
        in_features: int,
        out_features: int,
        num_members: int = 4,
        hidden_features: int = 128,
        num_layers: int = 2,
        max_features: int = 128,
        dropout: float = 0.3,
    ) -> None:
        super().__init__()
        self.in_features = in_features
        self.out_features = out_features
        self.num_members = num_members if in_features <= max_features else 1
        if in_features > max_features:
            wide = NormalizedHead(in_features=in_features, out_features=out_features, dropout=dropout)
            self.layers = wide.layers
            return
        width = num_members * hidden_features
        layers: list[nn.Module] = [nn.Linear(in_features, width, bias=False)]  # all see the same vector
        for _ in range(num_layers - 1):
            packed = PackedLinear(num_members, hidden_features, hidden_features)
            layers += [*_activated(width, dropout), packed]
        self.layers = nn.Sequential(
            *layers, *_activated(width, dropout), PackedLinear(num_members, hidden_features, out_features)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map ``x`` of [B, F_in], float, to all members' outputs, [B, M, C]; in training B is at least 2."""
        # features of a stack lie before its rows, see `NormalizedHead`
        return self.layers(x.contiguous()).unflatten(1, (self.num_members, self.out_features))


class PackedLinear(nn.Module):
    """Fully connected layers of M members side by side.

    Args:
        num_members: M.
        in_features: Features of each member's input.
        out_features: Features of each member's output.
    """

    def __init__(self, num_members: int, in_features: int, out_features: int) -> None:
        super().__init__()
        bound = 1 / math.sqrt(in_features)
        self.num_members = num_members
        # rows of all members under each other, so that the columns of a matrix are the outputs
        self.weight = nn.Parameter(
            torch.empty(num_members * in_features, out_features).uniform_(-bound, bound)
        )
        self.bias = nn.Parameter(torch.empty(num_members, out_features).uniform_(-bound, bound))

    def forward(self, x: Tensor) -> Tensor:
        """Map ``x`` of [B, M * in_features] to [B, M * out_features]."""
        x_MBF = x.unflatten(1, (self.num_members, -1)).transpose(0, 1)
        weight_MFO = self.weight.unflatten(0, (self.num_members, -1))
        return torch.baddbmm(self.bias.unsqueeze(1), x_MBF, weight_MFO).transpose(0, 1).flatten(1)


def _activated(width: int, dropout: float) -> list[nn.Module]:
    return [nn.BatchNorm1d(width), nn.ReLU(), nn.Dropout(dropout)]
