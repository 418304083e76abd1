"""Grey and coloured pictures, and what is typical of their colours.

Shapes: N pictures, C channels, S pixels to a side.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

Pictures = npt.NDArray[Any]
Counts = npt.NDArray[np.int64]

_LUMINANCE = (0.299, 0.587, 0.114)


def is_grey(pictures: Pictures) -> bool:
    """Return whether all colours are alike in pictures of [N, 3, S, S]."""
    return bool((pictures == pictures[:, :1]).all())


def with_channels(pictures: Pictures, channels: int) -> Pictures:
    """Return float32 or uint8 pictures of [N, 3, S, S] as they are, or with 1 channel as grey ones."""
    if channels == 3:
        return pictures
    if is_grey(pictures):
        return np.ascontiguousarray(pictures[:, :1])
    red, green, blue = (pictures[:, i] * np.float32(share) for i, share in enumerate(_LUMINANCE))
    grey = (red + green + blue)[:, np.newaxis]
    return (grey if pictures.dtype.kind == "f" else grey.round()).astype(pictures.dtype)


def count_values(pictures: Pictures) -> Counts:
    """Return how often each value occurs in each channel of uint8 [N, C, S, S]: int64 of [C, 256].

    Counts of several pictures can be added; no float copy is made.
    """
    return np.stack([np.bincount(one.ravel(), minlength=256) for one in pictures.swapaxes(0, 1)])


def statistics_of(counts: Counts) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return mean and deviation of each channel, of values from 0 to 1, by counts of [C, 256].

    The deviation is 1 where a channel is constant.
    """
    import torch  # for trainings alone, which began with its sums

    values = torch.arange(256, dtype=torch.float64) / 255
    means, scales = [], []
    for counted in torch.from_numpy(counts):
        shares = counted.double()
        shares = shares / shares.sum()
        mean = (shares * values).sum()
        means.append(float(mean))
        scales.append(float((shares * (values - mean) ** 2).sum().sqrt()) or 1.0)
    return tuple(means), tuple(scales)
