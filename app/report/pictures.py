"""Small pictures of tensors, and what is laid over them.

Shapes: C channels, S pixels to a side, h×w places of a grid.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from nested_lightning.app.pictures.encoding import encode_picture

SIDE = 96
"""Pixels of a picture's side in a report."""


def to_png(picture: Tensor, *, weights: Tensor | None = None) -> bytes:
    """Return a PNG file of a picture, darkened where weights are small.

    Args:
        picture: [C, S, S], float, from 0 to 1, or uint8; C is 1 or 3.
        weights: Of places in it, [h, w], at least 0; None: nothing is darkened.
    """
    values = picture.detach().cpu().float() / (255 if picture.dtype == torch.uint8 else 1)
    values = F.interpolate(values[None], size=(SIDE, SIDE), mode="nearest")[0]
    if weights is not None:
        share = weights.detach().cpu().float() / weights.max().clamp_min(1e-12)
        shown = F.interpolate(share[None, None], size=(SIDE, SIDE), mode="bilinear")[0]
        values = values * (0.15 + 0.85 * shown)
    return encode_picture((values.clamp(0, 1) * 255).round().to(torch.uint8).numpy())
