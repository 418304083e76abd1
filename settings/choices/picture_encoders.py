"""Choices of picture encoder: a picture in, one vector out."""

from typing import Annotated

from pydantic import Field

from nested_lightning.settings.base import ChoiceSettings
from nested_lightning.settings.numbers import Width
from nested_lightning.settings.slot import Slot


class PictureEncoderSettings(ChoiceSettings, module="nested_lightning.app.submodules.picture_encoders"):
    """What every picture encoder has."""

    hidden_features: Width = Field(256, description="Width of the vector that a picture becomes.")


class MlpPictureEncoderSettings(PictureEncoderSettings, kind="mlp", target=".MlpPictureEncoder"):
    """Two fully connected layers over all pixels."""


class ConvPictureEncoderSettings(PictureEncoderSettings, kind="conv", target=".ConvPictureEncoder"):
    """Halving convolutions and a fully connected layer."""

    conv_channels: Width = Field(32, description="Channels of the first convolution; they double.")
    use_group_norm: bool = Field(True, description="Normalise what each convolution gives, in groups.")


PICTURE_ENCODERS = Slot(base=PictureEncoderSettings, default="mlp")
PictureEncoder = Annotated[PictureEncoderSettings, PICTURE_ENCODERS]
