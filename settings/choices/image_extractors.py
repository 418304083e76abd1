"""Choices of feature extractor for pictures: the image encoders, each with a pooling."""

from typing import Annotated, Literal

from pydantic import Field

from nested_lightning.settings.choices.feature_extractors import FeatureExtractorSettings
from nested_lightning.settings.choices.image_encoders import (
    PlainImageEncoderSettings,
    ResidualImageEncoderSettings,
)
from nested_lightning.settings.choices.pretrained import (
    TimmSettings,
    TorchvisionSettings,
    TransformersImageSettings,
)
from nested_lightning.settings.slot import Slot

_POOLING = "What is made of the encoder's positions: their mean, or all side by side."


class ImageExtractorSettings(
    FeatureExtractorSettings, module="nested_lightning.app.submodules.image_extractors"
):
    """What every extractor of pictures has."""

    pooling: Literal["mean", "flatten"] = Field("flatten", description=_POOLING)
    dropout: float = Field(0.1, ge=0, lt=1, description="Share of pooled features set to zero in training.")


class PlainImageExtractorSettings(
    ImageExtractorSettings, PlainImageEncoderSettings, kind="plain_image", target=".plain_image_extractor"
):
    """Of pictures: convolution, ReLU and max-pooling, twice; then a linear layer."""


class ResidualImageExtractorSettings(
    ImageExtractorSettings,
    ResidualImageEncoderSettings,
    kind="residual_image",
    target=".residual_image_extractor",
):
    """Of pictures: a convolution and stages of residual blocks; then a linear layer."""


class PretrainedImageExtractorSettings(ImageExtractorSettings):
    """What those have whose encoder was trained elsewhere."""

    pooling: Literal["mean", "flatten"] = Field("mean", description=_POOLING)


class TimmImageExtractorSettings(
    PretrainedImageExtractorSettings, TimmSettings, kind="timm_image", target=".timm_image_extractor"
):
    """Of pictures: an image model of timm, trained elsewhere; then a linear layer."""


class TorchvisionImageExtractorSettings(
    PretrainedImageExtractorSettings,
    TorchvisionSettings,
    kind="torchvision_image",
    target=".torchvision_image_extractor",
):
    """Of pictures: an image model of torchvision, trained elsewhere; then a linear layer."""


class TransformersImageExtractorSettings(
    PretrainedImageExtractorSettings,
    TransformersImageSettings,
    kind="transformers_image",
    target=".transformers_image_extractor",
):
    """Of pictures: an image model of transformers, trained elsewhere; then a linear layer."""


PICTURE_EXTRACTORS = Slot(base=ImageExtractorSettings, default="residual_image")
PictureExtractor = Annotated[ImageExtractorSettings, PICTURE_EXTRACTORS]
