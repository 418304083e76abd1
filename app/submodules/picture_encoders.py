"""Picture encoders: a picture in, one vector out.

Each is given ``channels``, which are C, ``image_size``, S, and ``condition_features``: K where it gets the
domain, else 0. It publishes ``out_features``, F.

Shapes: B pictures, C channels, S pixels to a side, K domains of the VAE, F features.
"""

from collections.abc import Iterator
from math import gcd

import torch
from torch import Tensor, nn

SLOPE = 0.2
"""Slope of every leaky ReLU on its negative side."""

MAX_GROUPS = 8
"""Groups of channels that are normalised, each by itself."""


class MlpPictureEncoder(nn.Module):
    """Two fully connected layers over all pixels, each with a leaky ReLU.

    Args:
        hidden_features: Width of both layers; the second one's output is the vector.
    """

    def __init__(
        self, *, channels: int, image_size: int, condition_features: int = 0, hidden_features: int = 256
    ) -> None:
        super().__init__()
        self.condition_features = condition_features
        self.out_features = hidden_features
        self.layers = nn.Sequential(
            nn.Linear(channels * image_size**2 + condition_features, hidden_features),
            nn.LeakyReLU(SLOPE),
            nn.Linear(hidden_features, hidden_features),
            nn.LeakyReLU(SLOPE),
        )

    def forward(self, pictures: Tensor, condition: Tensor) -> Tensor:
        """Map ``pictures`` of [B, C, S, S] and ``condition`` of [B, K], one-hot, to [B, F]."""
        return self.layers(torch.cat([pictures.flatten(1), condition], dim=1))


class ConvPictureEncoder(nn.Module):
    """Convolutions that halve the picture until it is small, then a fully connected layer.

    Args:
        conv_channels: Channels of the first convolution; each halving doubles them.
        hidden_features: F.
        use_group_norm: See `activated`.
    """

    def __init__(
        self,
        *,
        channels: int,
        image_size: int,
        condition_features: int = 0,
        conv_channels: int = 32,
        hidden_features: int = 256,
        use_group_norm: bool = True,
    ) -> None:
        super().__init__()
        self.condition_features = condition_features
        self.out_features = hidden_features
        self.convolutions, width = halving_convolutions(
            channels, image_size, conv_channels, use_group_norm=use_group_norm
        )
        self.linear = nn.Sequential(
            nn.Linear(width + condition_features, hidden_features), nn.LeakyReLU(SLOPE)
        )

    def forward(self, pictures: Tensor, condition: Tensor) -> Tensor:
        """Map ``pictures`` of [B, C, S, S] and ``condition`` of [B, K], one-hot, to [B, F]."""
        return self.linear(torch.cat([self.convolutions(pictures), condition], dim=1))


def halved_sizes(image_size: int) -> list[int]:
    """Return the sides of a picture that is halved, rounded up, until it has 4 pixels or fewer."""
    sizes = [image_size]
    while sizes[-1] > 4:
        sizes.append((sizes[-1] + 1) // 2)
    return sizes


def halving_convolutions(
    channels: int, image_size: int, conv_channels: int, *, use_group_norm: bool = False
) -> tuple[nn.Sequential, int]:
    """Return convolutions from [B, C, S, S] to [B, W], and W."""
    layers = [nn.Conv2d(channels, conv_channels, 3, padding=1), *activated(conv_channels, use_group_norm)]
    width, sizes = conv_channels, halved_sizes(image_size)
    for _ in sizes[1:]:
        layers += [nn.Conv2d(width, 2 * width, 3, stride=2, padding=1), *activated(2 * width, use_group_norm)]
        width *= 2
    return nn.Sequential(*layers, nn.Flatten()), width * sizes[-1] ** 2


def activated(width: int, use_group_norm: bool) -> Iterator[nn.Module]:
    """Yield what follows a convolution to ``width`` channels: group normalisation or none, and a leaky ReLU.

    Wu and He, https://arxiv.org/abs/1803.08494; it is the same in training and later, in batches of any size.
    Without it, what most pixels have in common, such as a dark background, moves all weights alike in the
    first steps. That drowns what differs between places and between pictures, and takes the sigmoids at the
    end to where they have no gradient.
    """
    if use_group_norm:
        yield nn.GroupNorm(gcd(MAX_GROUPS, width), width)
    yield nn.LeakyReLU(SLOPE)
