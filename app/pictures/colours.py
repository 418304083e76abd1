"""Grey and coloured pictures, and what is typical of their colours.

Shapes: N pictures, C channels, S pixels to a side.
"""

import torch
from torch import Tensor

_LUMINANCE = (0.299, 0.587, 0.114)


def is_grey(pictures: Tensor) -> bool:
    """Return whether all colours are alike in pictures of [N, 3, S, S]."""
    return bool((pictures == pictures[:, :1]).all())


def with_channels(pictures: Tensor, channels: int) -> Tensor:
    """Return float or uint8 pictures of [N, 3, S, S] as they are with 3 channels, or as grey ones with 1."""
    if channels == 3:
        return pictures
    if is_grey(pictures):
        return pictures[:, :1].contiguous()
    grey = (pictures * torch.tensor(_LUMINANCE).view(1, 3, 1, 1)).sum(dim=1, keepdim=True)
    return grey if pictures.is_floating_point() else grey.round().to(pictures.dtype)


def count_values(pictures: Tensor) -> Tensor:
    """Return how often each value occurs in each channel of uint8 [N, C, S, S]: int64 of [C, 256].

    Counts of several pictures can be added; no float copy is made.
    """
    return torch.stack([one.flatten().int().bincount(minlength=256) for one in pictures.unbind(dim=1)])


def statistics_of(counts: Tensor) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return mean and deviation of each channel, of values from 0 to 1, by counts of [C, 256].

    The deviation is 1 where a channel is constant.
    """
    values = torch.arange(256, dtype=torch.float64) / 255
    means, scales = [], []
    for counted in counts:
        shares = counted.double()
        shares = shares / shares.sum()
        mean = (shares * values).sum()
        means.append(float(mean))
        scales.append(float((shares * (values - mean) ** 2).sum().sqrt()) or 1.0)
    return tuple(means), tuple(scales)
