"""Variation of training pictures, on the device and all at once.

Shapes: B pictures, 3 colours, S width and height.
"""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class PictureAugmentation:
    """Shifts, and by choice mirrors, brightens and turns, each picture in its own way.

    Random numbers come from torch's global generator.

    Args:
        max_shift: Pixels that a picture is shifted by at most in any direction; its edge is repeated.
        flip_probability: How often left and right are exchanged, in [0, 1].
        max_brightness: Change of brightness at most, as a share, in [0, 1).
        max_rotation: Degrees that a picture is turned at most, in [0, 180].
    """

    max_shift: int = 0
    flip_probability: float = 0.0
    max_brightness: float = 0.0
    max_rotation: float = 0.0

    def __call__(self, pictures: Tensor) -> Tensor:
        """Return varied copies of ``pictures`` of [B, 3, S, S], float of 0 to 255, of the same shape."""
        if self.max_rotation:
            pictures = self._rotate(pictures)
        if self.max_shift:
            pictures = self._shift(pictures)
        if self.flip_probability:
            is_flipped = self._draw(pictures) < self.flip_probability
            pictures = torch.where(is_flipped, pictures.flip(3), pictures)
        if self.max_brightness:
            factor = 1 + self.max_brightness * (2 * self._draw(pictures) - 1)
            pictures = (pictures * factor).clamp(0, 255)
        return pictures

    def _draw(self, pictures: Tensor) -> Tensor:
        return torch.rand(len(pictures), 1, 1, 1, device=pictures.device)

    def _shift(self, pictures: Tensor) -> Tensor:
        num, _, height, width = pictures.shape
        reach = 2 * self.max_shift + 1
        padded = F.pad(pictures, (self.max_shift,) * 4, mode="replicate")
        down, right = torch.randint(reach, (2, num, 1), device=pictures.device)
        rows = torch.arange(height, device=pictures.device) + down
        columns = torch.arange(width, device=pictures.device) + right
        indices = torch.arange(num, device=pictures.device)[:, None, None]
        shifted = padded.permute(0, 2, 3, 1)[indices, rows[:, :, None], columns[:, None, :]]
        return shifted.permute(0, 3, 1, 2)

    def _rotate(self, pictures: Tensor) -> Tensor:
        angles = (2 * self._draw(pictures).flatten() - 1) * math.radians(self.max_rotation)
        cos, sin, zero = angles.cos(), angles.sin(), torch.zeros_like(angles)
        turns = torch.stack([torch.stack([cos, -sin, zero], 1), torch.stack([sin, cos, zero], 1)], 1)
        grid = F.affine_grid(turns, list(pictures.shape), align_corners=False)
        return F.grid_sample(pictures, grid, padding_mode="border", align_corners=False)
