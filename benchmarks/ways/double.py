"""What is put in an encoder's place: plain PyTorch, as a test would have it."""

import torch
from torch import Tensor, nn


class Double(nn.Module):
    """Gives the same values for every sample, and counts its calls.

    Args:
        in_features: Ignored.
        out_features: Width of what it gives.
    """

    def __init__(self, in_features: int = 0, out_features: int = 16) -> None:
        super().__init__()
        self.out_features, self.num_calls = out_features, 0
        self.answer = nn.Parameter(torch.zeros(out_features))

    def forward(self, x: Tensor) -> Tensor:
        """Return [B, out_features]."""
        self.num_calls += 1
        return self.answer.expand(len(x), -1)
