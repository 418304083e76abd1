"""Choices of discriminator: a picture and its domain in, real or generated out."""

from typing import Annotated

from pydantic import Field

from nested_lightning.settings.base import ChoiceSettings
from nested_lightning.settings.numbers import Width
from nested_lightning.settings.slot import Slot


class DiscriminatorSettings(ChoiceSettings, module="nested_lightning.app.submodules.discriminators"):
    """What every discriminator has."""

    hidden_features: Width = Field(256, description="Width of the features that it judges by.")
    dropout: float = Field(0.0, ge=0, lt=1, description="Share of hidden values set to zero in training.")
    use_spectral_norm: bool = Field(False, description="Keep the largest singular value of each layer at 1.")


class MlpDiscriminatorSettings(DiscriminatorSettings, kind="mlp", target=".MlpDiscriminator"):
    """Two fully connected layers over all pixels."""


class ConvDiscriminatorSettings(DiscriminatorSettings, kind="conv", target=".ConvDiscriminator"):
    """Halving convolutions and a fully connected layer."""

    conv_channels: Width = Field(32, description="Channels of the first convolution; they double.")


DISCRIMINATORS = Slot(base=DiscriminatorSettings, default="mlp")
Discriminator = Annotated[DiscriminatorSettings, DISCRIMINATORS]
