"""Choices of image encoder: pictures in, a grid of features out."""

from typing import Annotated

from pydantic import Field

from nested_lightning.settings.base import ChoiceSettings
from nested_lightning.settings.choices.pretrained import (
    TimmSettings,
    TorchvisionSettings,
    TransformersImageSettings,
)
from nested_lightning.settings.numbers import Depth, Pixels, Width
from nested_lightning.settings.slot import Slot


class ImageEncoderSettings(ChoiceSettings, module="nested_lightning.app.submodules.image_encoders"):
    """What every image encoder has: nothing but its kind."""


class PlainImageEncoderSettings(ImageEncoderSettings, kind="plain", target=".PlainImageEncoder"):
    """Convolution, ReLU and max-pooling, twice."""

    hidden_channels: Width = Field(32, description="Channels after the first convolution.")
    embedding_dim: Width = Field(128, description="Channels after the second: width of the features.")


class ResidualImageEncoderSettings(ImageEncoderSettings, kind="residual", target=".ResidualImageEncoder"):
    """A convolution and stages of residual blocks, each at half the resolution."""

    stem_channels: Width = Field(32, description="Channels of the first convolution.")
    stem_stride: Pixels = Field(1, description="Width of the patches that it reads as one.")
    channels: Annotated[list[Width], Field(min_length=1)] = Field(
        [48, 96, 192], description="Channels of each stage; the last is the width of the features."
    )
    num_blocks: Depth = Field(1, description="Residual blocks of each stage.")


_PRETRAINED = "nested_lightning.app.submodules.pretrained"


class TimmImageEncoderSettings(
    ImageEncoderSettings, TimmSettings, kind="timm", target=f"{_PRETRAINED}.timm_parts.image_encoder"
):
    """An image model of timm, trained elsewhere, up to its grid of features."""


class TorchvisionImageEncoderSettings(
    ImageEncoderSettings,
    TorchvisionSettings,
    kind="torchvision",
    target=f"{_PRETRAINED}.torchvision_parts.image_encoder",
):
    """An image model of torchvision, trained elsewhere, up to its grid of features."""


class TransformersImageEncoderSettings(
    ImageEncoderSettings,
    TransformersImageSettings,
    kind="transformers",
    target=f"{_PRETRAINED}.transformers_parts.image_encoder",
):
    """An image model of transformers, trained elsewhere, up to its grid of features."""


IMAGE_ENCODERS = Slot(base=ImageEncoderSettings, default="residual")
ImageEncoder = Annotated[ImageEncoderSettings, IMAGE_ENCODERS]
