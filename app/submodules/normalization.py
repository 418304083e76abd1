"""Normalisation of pictures on the device.

Shapes: B pictures, 3 colours, S width and height.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class PictureNormalization(nn.Module):
    """Brings colours to mean 0 and deviation 1.

    Args:
        mean: Mean of each colour, of values from 0 to 1.
        scale: Deviation of each colour, above 0.
    """

    mean: Tensor
    scale: Tensor

    def __init__(self, *, mean: Sequence[float], scale: Sequence[float]) -> None:
        super().__init__()
        self.register_buffer("mean", 255 * torch.tensor(mean).view(1, -1, 1, 1))
        self.register_buffer("scale", 255 * torch.tensor(scale).view(1, -1, 1, 1))

    def forward(self, pictures: Tensor) -> Tensor:
        """Map ``pictures`` of [B, 3, S, S], float of 0 to 255, to floats of the same shape.

        Channels lie last in memory, which convolutions on a CPU are faster with.
        """
        return ((pictures - self.mean) / self.scale).contiguous(memory_format=torch.channels_last)
