"""Image encoders that were trained elsewhere: a library's network, as our encoders are.

Shapes: B pictures, C_in colours, S pixels to a side, N positions, F features, h height and w width of the
grid.
"""

from collections.abc import Callable
from math import isqrt

import torch
from torch import Tensor, nn
from typing_extensions import override

from nested_lightning.app.submodules.pretrained.meta_calls import on_meta_alike
from nested_lightning.app.submodules.pretrained.part import FirstWeights, PretrainedPart

NUM_COLOURS = 3

Features = Callable[[nn.Module, Tensor], Tensor]
"""Takes a network and pictures of [B, 3, S, S]; gives [B, F, h, w], or [B, N, F], positions last."""


class PretrainedImageEncoder(PretrainedPart):
    """The network of a library, up to its grid of features.

    Grey pictures reach it as three equal colours.

    Args:
        network: The network, with initial weights.
        features: Calls it.
        first_weights: What it begins with in a training.
        in_features: C_in, 1 or 3.
        picture_size: S.

    Attributes:
        out_features: F.
        out_positions: h × w.

    Raises:
        ValueError: The network doesn't take pictures of this size.
    """

    def __init__(
        self,
        *,
        network: nn.Module,
        features: Features,
        first_weights: FirstWeights,
        in_features: int,
        picture_size: int,
    ) -> None:
        super().__init__(network=network, first_weights=first_weights)
        self.in_features = in_features
        self._features = features
        self.out_features, self.out_positions = self._measure(picture_size)

    @override
    def forward(self, x: Tensor) -> Tensor:
        """Map ``x`` of [B, C_in, S, S], float, to features of [B, F, h, w]."""
        features = self._features(self.network, x.expand(-1, NUM_COLOURS, -1, -1))
        if features.ndim == 4:
            return features
        side = isqrt(features.shape[1])
        positions = features[:, features.shape[1] - side * side :]  # class tokens and registers come first
        return positions.mT.unflatten(2, (side, side))

    def _measure(self, picture_size: int) -> tuple[int, int]:
        """Return width and number of positions of the grid, found on ``meta``."""
        try:
            with on_meta_alike(self) as call:
                grid = call((torch.empty(1, self.in_features, picture_size, picture_size),))
        except (RuntimeError, ValueError, AssertionError) as error:
            reason = " ".join(str(error).split())[:200]
            raise ValueError(f"it doesn't take pictures of {picture_size} pixels: {reason}") from error
        return grid.shape[1], grid.shape[2] * grid.shape[3]
