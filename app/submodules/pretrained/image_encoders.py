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

NUM_COLOURS = 3

Features = Callable[[nn.Module, Tensor], Tensor]
"""Takes a network and pictures of [B, 3, S, S]; gives [B, F, h, w], or [B, N, F], positions last."""

Load = Callable[[nn.Module], str]
"""Loads a network's weights, and says in words what was taken."""


class PretrainedImageEncoder(nn.Module):
    """The network of a library, up to its grid of features.

    Grey pictures reach it as three equal colours.

    Args:
        network: The network, with initial weights.
        features: Calls it.
        load: Loads its weights; None: it keeps its initial ones.
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
        load: Load | None,
        in_features: int,
        picture_size: int,
    ) -> None:
        super().__init__()
        self.in_features = in_features
        self.network = network
        self._features, self._load = features, load
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

    def load_first_weights(self) -> str | None:
        """Load the weights that the part was trained to, and say what was taken; None: there are none.

        Raises:
            UserError: The files aren't there, aren't whole, or are of another part.
        """
        return self._load(self.network) if self._load else None

    def _measure(self, picture_size: int) -> tuple[int, int]:
        """Return width and number of positions of the grid, found on ``meta``."""
        try:
            with on_meta_alike(self) as call:
                grid = call((torch.empty(1, self.in_features, picture_size, picture_size),))
        except (RuntimeError, ValueError, AssertionError) as error:
            reason = " ".join(str(error).split())[:200]
            raise ValueError(f"it doesn't take pictures of {picture_size} pixels: {reason}") from error
        return grid.shape[1], grid.shape[2] * grid.shape[3]
