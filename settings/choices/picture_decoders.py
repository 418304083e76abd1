"""Choices of picture decoder: a latent vector in, a picture out."""

from typing import Annotated

from pydantic import Field, NonNegativeFloat

from nested_lightning.settings.base import ChoiceSettings
from nested_lightning.settings.numbers import Width
from nested_lightning.settings.slot import Slot


class PictureDecoderSettings(ChoiceSettings, module="nested_lightning.app.submodules.picture_decoders"):
    """What every picture decoder has: nothing but its kind."""


class MlpPictureDecoderSettings(PictureDecoderSettings, kind="mlp", target=".MlpPictureDecoder"):
    """Three fully connected layers."""

    hidden_features: Width = Field(256, description="Width of the two inner ones.")
    noise_scale: NonNegativeFloat = Field(
        0.0, description="Noise on their values in the beginning, learned from there; 0: none."
    )


class ConvPictureDecoderSettings(PictureDecoderSettings, kind="conv", target=".ConvPictureDecoder"):
    """A fully connected layer, then doublings with convolutions."""

    conv_channels: Width = Field(32, description="Channels of the last convolution; they halve.")
    use_group_norm: bool = Field(True, description="Normalise what each convolution gives, in groups.")


PICTURE_DECODERS = Slot(base=PictureDecoderSettings, default="mlp")
PictureDecoder = Annotated[PictureDecoderSettings, PICTURE_DECODERS]
