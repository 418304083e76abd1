"""Image encoders that were trained elsewhere: a library's network, as our encoders are.

Shapes: B pictures, C_in colours, S pixels to a side, N positions, F features, h height and w width of the
grid.
"""

from collections.abc import Callable, Mapping
from math import isqrt
from typing import Any

import torch
from torch import Tensor, nn
from typing_extensions import override

from nested_lightning.app.errors import UserError
from nested_lightning.app.submodules.pretrained.files import NONE
from nested_lightning.app.submodules.pretrained.part import PretrainedPart, on_meta_alike

NUM_COLOURS = 3

Config = Mapping[str, Any]
Features = Callable[[nn.Module, Tensor], Tensor]
"""Takes a network and pictures of [B, 3, S, S]; gives [B, F, h, w], or [B, N, F], positions last."""


class PretrainedImageEncoder(PretrainedPart):
    """The network of a library, up to its grid of features.

    Grey pictures reach it as three equal colours.

    Args:
        in_features: C_in, 1 or 3.
        picture_size: S.
        features: Calls the network.
        **part: See `PretrainedPart`.

    Attributes:
        out_features: F.
        out_positions: h × w.

    Raises:
        ValueError: The network doesn't take pictures of this size.
    """

    def __init__(self, *, in_features: int, picture_size: int, features: Features, **part: Any) -> None:
        super().__init__(**part)
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


def image_encoder_of(
    module: str,
    *,
    describe: Callable[..., dict[str, Any]],
    build: Callable[[Config], tuple[nn.Module, Callable[..., str]]],
    features: Features,
    num_channels: Callable[[Config], int] = lambda _: NUM_COLOURS,
) -> Callable[..., PretrainedImageEncoder]:
    """Return what makes image encoders of a library, which its module has under the name ``image_encoder``.

    Args:
        module: Name of the module.
        describe: Finds what a part is, by ``weights`` and ``architecture``, if one is given.
        build: Makes the network of a config, with initial weights, and what loads others into it, see
            ``take`` of `PretrainedPart`.
        features: Calls the network.
        num_channels: Says of how many channels its pictures are, by its config.
    """

    def image_encoder(
        *,
        in_features: int,
        picture_size: int,
        weights: str = NONE,
        architecture: str | None = None,
        config: Config | None = None,
        sha256: str | None = None,
    ) -> PretrainedImageEncoder:
        """Return an image model, up to its grid of features, with initial weights.

        Args:
            in_features: Colours of a picture, 1 or 3.
            picture_size: Pixels to a side.
            weights: Where its weights are, see `PretrainedFiles`; ``none``: nowhere.
            architecture: Its name in the library; None: as the config says.
            config: What ``describe`` found; None: it is looked for now.
            sha256: Digest of the weights; None: it may be any.

        Raises:
            UserError: The library isn't there, doesn't know the model, or it takes other pictures.
        """
        named = {} if architecture is None else {"architecture": architecture}
        known = config or describe(weights=weights, **named)["config"]
        if (channels := num_channels(known)) != NUM_COLOURS:
            raise UserError(
                f"weights = {weights} are for pictures of {channels} channels, not of {NUM_COLOURS}"
            )
        network, take = build(known)
        return PretrainedImageEncoder(
            in_features=in_features,
            picture_size=picture_size,
            features=features,
            network=network,
            weights=weights,
            sha256=sha256,
            take=take,
        )

    image_encoder.__module__, image_encoder.__qualname__ = module, "image_encoder"  # found by its name
    return image_encoder
