"""Feature extractors of pictures: an image encoder, and its grid pooled to one vector.

Shapes: B pictures, C channels, S pixels to a side, F_out features of the vector.
"""

from collections.abc import Callable
from inspect import Signature, signature
from typing import Any

from torch import Tensor, nn

from nested_lightning.app.submodules.bridges import PooledBridge, Pooling
from nested_lightning.app.submodules.image_encoders import PlainImageEncoder, ResidualImageEncoder
from nested_lightning.app.submodules.pretrained import timm_parts, torchvision_parts, transformers_parts


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


def _pooled(name: str, make_encoder: Callable[..., nn.Module], *, pooling: Pooling) -> Callable[..., Any]:
    """Return a function of this name that makes an `ImageExtractor` and takes what its encoder takes besides.

    The encoder's ``in_features`` are C, its ``picture_size`` is S; ``pooling`` is the default.
    """

    def make(
        *, out_features: int = 32, pooling: Pooling = pooling, dropout: float = 0.1, **of_encoder: Any
    ) -> ImageExtractor:
        encoder = make_encoder(**of_encoder)
        return ImageExtractor(encoder=encoder, out_features=out_features, pooling=pooling, dropout=dropout)

    *own, _ = signature(make).parameters.values()
    parameters = [*signature(make_encoder).parameters.values(), *own]
    vars(make)["__signature__"] = Signature(parameters, return_annotation=ImageExtractor)
    make.__name__ = make.__qualname__ = name
    return make


plain_image_extractor = _pooled("plain_image_extractor", PlainImageEncoder, pooling="flatten")
residual_image_extractor = _pooled("residual_image_extractor", ResidualImageEncoder, pooling="flatten")
timm_image_extractor = _pooled("timm_image_extractor", timm_parts.image_encoder, pooling="mean")
torchvision_image_extractor = _pooled(
    "torchvision_image_extractor", torchvision_parts.image_encoder, pooling="mean"
)
transformers_image_extractor = _pooled(
    "transformers_image_extractor", transformers_parts.image_encoder, pooling="mean"
)
