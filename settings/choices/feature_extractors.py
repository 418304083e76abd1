"""Choices of feature extractor: one group of features in, one vector out."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from nested_lightning.settings.base import ChoiceSettings
from nested_lightning.settings.numbers import Depth, Width
from nested_lightning.settings.slot import Slot


class FeatureExtractorSettings(ChoiceSettings):
    """What every feature extractor has."""

    out_features: Width = Field(32, description="Width of the vector that a group becomes.")


class PlainFeatureExtractorSettings(FeatureExtractorSettings):
    """Fully connected, ReLU, fully connected."""

    target: ClassVar[str] = "nested_lightning.app.submodules.feature_extractors.FeatureExtractor"
    kind: Literal["plain"] = Field("plain", description="Fully connected, ReLU, fully connected.")
    hidden_features: Width = Field(64, description="Width of the hidden layer.")


class NormalizedFeatureExtractorSettings(FeatureExtractorSettings):
    """The plain one with batch normalisation and dropout."""

    target: ClassVar[str] = "nested_lightning.app.submodules.feature_extractors.NormalizedFeatureExtractor"
    kind: Literal["normalized"] = Field("normalized", description="With batch normalisation and dropout.")
    hidden_features: Width = Field(64, description="Width of the hidden layer.")
    dropout: float = Field(0.3, ge=0, lt=1, description="Share of hidden values set to zero in training.")


class ResidualFeatureExtractorSettings(FeatureExtractorSettings):
    """A projection and residual blocks behind it."""

    target: ClassVar[str] = "nested_lightning.app.submodules.feature_extractors.ResidualFeatureExtractor"
    kind: Literal["residual"] = Field("residual", description="A projection, then residual blocks.")
    hidden_features: Width = Field(64, description="Width of the hidden layer of each block.")
    num_blocks: Depth = Field(2, description="Number of residual blocks.")
    dropout: float = Field(0.1, ge=0, lt=1, description="Share of hidden values set to zero in training.")


class LinearFeatureExtractorSettings(FeatureExtractorSettings):
    """One fully connected layer."""

    target: ClassVar[str] = "nested_lightning.app.submodules.feature_extractors.LinearFeatureExtractor"
    kind: Literal["linear"] = Field("linear", description="One fully connected layer.")


FEATURE_EXTRACTORS = Slot(
    base=FeatureExtractorSettings,
    default="normalized",
    choices=[
        PlainFeatureExtractorSettings,
        NormalizedFeatureExtractorSettings,
        ResidualFeatureExtractorSettings,
        LinearFeatureExtractorSettings,
    ],
)
FeatureExtractor = Annotated[FeatureExtractorSettings, FEATURE_EXTRACTORS]
