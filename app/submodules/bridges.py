"""Bridges: how the features of a picture reach the text decoder.

A bridge makes of an encoder's grid what a decoder is given, and its ``role`` says what the decoder does with
it: ``initial_state``, ``first_input``, ``every_step`` (one vector of a picture, [B, F_out]), or ``attention``
(one vector of each position, [B, P, F_out]). Each is given, and publishes, ``in_features``, which are F_in,
``in_positions``, P, and ``out_features``, F_out.

Shapes: B pictures, F_in features of the grid, h and w its height and width, P = h × w positions.
"""

from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

Role = Literal["initial_state", "first_input", "every_step", "attention"]
Pooling = Literal["mean", "flatten"]


class PooledBridge(nn.Module):
    """One vector of a picture: its grid pooled, then a linear layer.

    Args:
        pooling: ``mean`` over the positions, or all of them side by side (``flatten``).
        dropout: Share of pooled features set to zero in training, in [0, 1).
    """

    role: ClassVar[Role]

    def __init__(
        self,
        *,
        in_features: int,
        in_positions: int,
        out_features: int = 256,
        pooling: Pooling = "flatten",
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        self.in_features = in_features
        self.in_positions = in_positions
        self.out_features = out_features
        self.pooling = pooling
        width = in_features * (in_positions if pooling == "flatten" else 1)
        self.layers = nn.Sequential(nn.Dropout(dropout), nn.Linear(width, out_features))

    def forward(self, grid: Tensor) -> Tensor:
        """Map ``grid`` of [B, F_in, h, w], float, to [B, F_out]."""
        pooled = grid.flatten(start_dim=1) if self.pooling == "flatten" else grid.mean(dim=(2, 3))
        return self.layers(pooled)


class InitialStateBridge(PooledBridge):
    """The vector is the decoder's initial state."""

    role: ClassVar[Role] = "initial_state"


class FirstInputBridge(PooledBridge):
    """The vector is the decoder's first input (Vinyals et al., https://arxiv.org/abs/1411.4555)."""

    role: ClassVar[Role] = "first_input"


class EveryStepBridge(PooledBridge):
    """The vector is read at every step, beside the token."""

    role: ClassVar[Role] = "every_step"


class AttentionBridge(nn.Module):
    """One vector of each position, to which the decoder attends at every step.

    Show, Attend and Tell (Xu et al., https://arxiv.org/abs/1502.03044), soft attention.

    Args:
        dropout: Share of features set to zero in training, in [0, 1).
    """

    role: ClassVar[Role] = "attention"

    def __init__(
        self, *, in_features: int, in_positions: int, out_features: int = 256, dropout: float = 0.1
    ) -> None:
        super().__init__()
        self.in_features = in_features
        self.in_positions = in_positions
        self.out_features = out_features
        self.layers = nn.Sequential(nn.Dropout(dropout), nn.Linear(in_features, out_features))
        self.place = nn.Parameter(0.02 * torch.randn(in_positions, out_features))

    def forward(self, grid: Tensor) -> Tensor:
        """Map ``grid`` of [B, F_in, h, w], float, to [B, P, F_out], with a learned vector for each place."""
        return self.layers(grid.flatten(start_dim=2).transpose(1, 2)) + self.place
