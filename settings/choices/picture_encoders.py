"""Choices of picture encoder: a picture in, one vector out."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from nested_lightning.settings.base import ChoiceSettings
from nested_lightning.settings.numbers import Width
from nested_lightning.settings.slot import Slot


class PictureEncoderSettings(ChoiceSettings):
    """What every picture encoder has."""

    hidden_features: Width = Field(256, description="Width of the vector that a picture becomes.")


class MlpPictureEncoderSettings(PictureEncoderSettings):
    """Two fully connected layers."""

    target: ClassVar[str] = "nested_lightning.app.submodules.picture_encoders.MlpPictureEncoder"
    kind: Literal["mlp"] = Field("mlp", description="Two fully connected layers over all pixels.")


class ConvPictureEncoderSettings(PictureEncoderSettings):
    """Convolutions and a fully connected layer."""

    target: ClassVar[str] = "nested_lightning.app.submodules.picture_encoders.ConvPictureEncoder"
    kind: Literal["conv"] = Field("conv", description="Halving convolutions and a fully connected layer.")
    conv_channels: Width = Field(32, description="Channels of the first convolution; they double.")


PICTURE_ENCODERS = Slot(
    base=PictureEncoderSettings,
    default="mlp",
    choices=[MlpPictureEncoderSettings, ConvPictureEncoderSettings],
)
PictureEncoder = Annotated[PictureEncoderSettings, PICTURE_ENCODERS]
