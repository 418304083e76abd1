"""Feature extractors of pictures: an image encoder, and its grid pooled to one vector.

Shapes: B pictures, C channels, S pixels to a side, F_out features of the vector.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor, nn

from nested_lightning.app.submodules.bridges import PooledBridge, Pooling
from nested_lightning.app.submodules.image_encoders import PlainImageEncoder, ResidualImageEncoder
from nested_lightning.app.submodules.pretrained import timm_parts, torchvision_parts, transformers_parts
from nested_lightning.app.submodules.pretrained.files import NONE


class ImageExtractor(nn.Module):
    """An image encoder, and what pools its grid.

    Args:
        encoder: Publishes ``in_features``, ``out_features`` and ``out_positions``, see
            `app.submodules.image_encoders`.
        out_features: F_out.
        pooling: See `PooledBridge`.
        dropout: Share of pooled features set to zero in training, in [0, 1).
    """

    def __init__(self, *, encoder: nn.Module, out_features: int, pooling: Pooling, dropout: float) -> None:
        super().__init__()
        self.in_features = encoder.in_features
        self.out_features = out_features
        self.encoder = encoder
        self.pool = PooledBridge(
            in_features=int(encoder.out_features),  # type: ignore[arg-type]
            in_positions=int(encoder.out_positions),  # type: ignore[arg-type]
            out_features=out_features,
            pooling=pooling,
            dropout=dropout,
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map pictures of [B, C, S, S], float, to [B, F_out]."""
        return self.pool(self.encoder(x))


def plain_image_extractor(
    *,
    in_features: int,
    picture_size: int,
    out_features: int = 32,
    pooling: Pooling = "flatten",
    dropout: float = 0.1,
    hidden_channels: int = 32,
    embedding_dim: int = 128,
) -> ImageExtractor:
    """Return an extractor with a `PlainImageEncoder`; C is ``in_features``, S ``picture_size``."""
    encoder = PlainImageEncoder(
        in_features=in_features,
        picture_size=picture_size,
        hidden_channels=hidden_channels,
        embedding_dim=embedding_dim,
    )
    return ImageExtractor(encoder=encoder, out_features=out_features, pooling=pooling, dropout=dropout)


def residual_image_extractor(
    *,
    in_features: int,
    picture_size: int,
    out_features: int = 32,
    pooling: Pooling = "flatten",
    dropout: float = 0.1,
    stem_channels: int = 32,
    stem_stride: int = 1,
    channels: Sequence[int] = (48, 96, 192),
    num_blocks: int = 1,
) -> ImageExtractor:
    """Return an extractor with a `ResidualImageEncoder`; C is ``in_features``, S ``picture_size``."""
    encoder = ResidualImageEncoder(
        in_features=in_features,
        picture_size=picture_size,
        stem_channels=stem_channels,
        stem_stride=stem_stride,
        channels=channels,
        num_blocks=num_blocks,
    )
    return ImageExtractor(encoder=encoder, out_features=out_features, pooling=pooling, dropout=dropout)


def timm_image_extractor(
    *,
    in_features: int,
    picture_size: int,
    out_features: int = 32,
    pooling: Pooling = "mean",
    dropout: float = 0.1,
    weights: str = NONE,
    architecture: str | None = None,
    config: Mapping[str, Any] | None = None,
    sha256: str | None = None,
    weights_license: str | None = None,
) -> ImageExtractor:
    """Return an extractor with an encoder of `timm_parts`; C is ``in_features``, S ``picture_size``."""
    encoder = timm_parts.image_encoder(
        in_features=in_features,
        picture_size=picture_size,
        weights=weights,
        architecture=architecture,
        config=config,
        sha256=sha256,
        weights_license=weights_license,
    )
    return ImageExtractor(encoder=encoder, out_features=out_features, pooling=pooling, dropout=dropout)


def torchvision_image_extractor(
    *,
    in_features: int,
    picture_size: int,
    out_features: int = 32,
    pooling: Pooling = "mean",
    dropout: float = 0.1,
    weights: str = NONE,
    architecture: str | None = None,
    config: Mapping[str, Any] | None = None,
    sha256: str | None = None,
    weights_license: str | None = None,
) -> ImageExtractor:
    """Return an extractor with an encoder of `torchvision_parts`; C is ``in_features``, S the size."""
    encoder = torchvision_parts.image_encoder(
        in_features=in_features,
        picture_size=picture_size,
        weights=weights,
        architecture=architecture,
        config=config,
        sha256=sha256,
        weights_license=weights_license,
    )
    return ImageExtractor(encoder=encoder, out_features=out_features, pooling=pooling, dropout=dropout)


def transformers_image_extractor(
    *,
    in_features: int,
    picture_size: int,
    out_features: int = 32,
    pooling: Pooling = "mean",
    dropout: float = 0.1,
    weights: str = NONE,
    config: Mapping[str, Any] | None = None,
    sha256: str | None = None,
    weights_license: str | None = None,
) -> ImageExtractor:
    """Return an extractor with an encoder of `transformers_parts`; C is ``in_features``, S the size."""
    encoder = transformers_parts.image_encoder(
        in_features=in_features,
        picture_size=picture_size,
        weights=weights,
        config=config,
        sha256=sha256,
        weights_license=weights_license,
    )
    return ImageExtractor(encoder=encoder, out_features=out_features, pooling=pooling, dropout=dropout)
