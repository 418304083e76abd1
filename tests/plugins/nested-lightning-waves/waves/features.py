"""Random Fourier features (Rahimi and Recht 2007).

Shapes: B rows of a batch, F_in inputs, F_out features.
"""

import torch
from torch import Tensor, nn


class Waves(nn.Module):
    """Sines and cosines of random frequencies that don't change in training.

    Args:
        in_features: F_in.
        out_features: F_out, an even number: half of them are sines.
        max_frequency: Standard deviation of the frequencies.

    Raises:
        ValueError: ``out_features`` is odd.
    """

    frequencies: Tensor

    def __init__(self, *, in_features: int, out_features: int = 32, max_frequency: float = 2.0) -> None:
        super().__init__()
        if out_features % 2:
            raise ValueError(f"out_features is {out_features}; an even number is needed")
        self.in_features = in_features
        self.out_features = out_features
        self.register_buffer("frequencies", max_frequency * torch.randn(in_features, out_features // 2))

    def forward(self, x: Tensor) -> Tensor:
        """Map ``x`` of [B, F_in], float, to [B, F_out], from -1 to 1."""
        phases = x @ self.frequencies
        return torch.cat([phases.sin(), phases.cos()], dim=-1)
