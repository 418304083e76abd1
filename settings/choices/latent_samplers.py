"""Choices of latent sampler: the latent vectors of a picture, and the distribution of new ones."""

from typing import Annotated

from pydantic import Field

from nested_lightning.settings.base import ChoiceSettings
from nested_lightning.settings.numbers import Width
from nested_lightning.settings.slot import Slot


class LatentSamplerSettings(ChoiceSettings, module="nested_lightning.app.submodules.latent_samplers"):
    """What every latent sampler has."""

    latent_features: Width = Field(8, description="Width of a latent vector.")


class GaussianSamplerSettings(LatentSamplerSettings, kind="gaussian", target=".GaussianSampler"):
    """Draws from the standard normal distribution."""


class FittedGaussianSamplerSettings(LatentSamplerSettings, kind="fitted", target=".FittedGaussianSampler"):
    """Draws from a normal distribution fitted to the training pictures of the domain."""

    momentum: float = Field(0.002, gt=0, lt=1, description="Share of a new picture in the running moments.")


LATENT_SAMPLERS = Slot(base=LatentSamplerSettings, default="fitted")
LatentSampler = Annotated[LatentSamplerSettings, LATENT_SAMPLERS]
