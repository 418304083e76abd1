"""Choices of feature extractor: one group of features in, one vector out."""

from typing import Annotated

from pydantic import Field

from nested_lightning.settings.base import ChoiceSettings
from nested_lightning.settings.numbers import Depth, Natural, Width
from nested_lightning.settings.slot import Slot


class FeatureExtractorSettings(ChoiceSettings, module="nested_lightning.app.submodules.feature_extractors"):
    """What every feature extractor has."""

    out_features: Width = Field(32, description="Width of the vector that a group becomes.")


class PlainFeatureExtractorSettings(FeatureExtractorSettings, kind="plain", target=".FeatureExtractor"):
    """Fully connected, ReLU, fully connected."""

    hidden_features: Width = Field(64, description="Width of the hidden layer.")


class NormalizedFeatureExtractorSettings(
    FeatureExtractorSettings, kind="normalized", target=".NormalizedFeatureExtractor"
):
    """The plain one with batch normalisation and dropout."""

    hidden_features: Width = Field(64, description="Width of the hidden layer.")
    dropout: float = Field(0.3, ge=0, lt=1, description="Share of hidden values set to zero in training.")


class ResidualFeatureExtractorSettings(
    FeatureExtractorSettings, kind="residual", target=".ResidualFeatureExtractor"
):
    """A projection, then residual blocks."""

    hidden_features: Width = Field(64, description="Width of the hidden layer of each block.")
    num_blocks: Depth = Field(2, description="Number of residual blocks.")
    dropout: float = Field(0.1, ge=0, lt=1, description="Share of hidden values set to zero in training.")


class PeriodicFeatureExtractorSettings(
    FeatureExtractorSettings, kind="periodic", target=".PeriodicFeatureExtractor"
):
    """A learnt embedding of each number by cosines, then one layer; larger groups as normalized."""

    num_frequencies: Width = Field(16, description="Cosines of each feature.")
    embedding_features: int = Field(4, ge=2, le=1024, description="Numbers that a feature becomes.")
    max_embedded: Natural = Field(32, description="Most features of a group that are embedded; 0: none are.")
    hidden_features: Width = Field(64, description="Width of the hidden layer of a larger group.")
    dropout: float = Field(0.3, ge=0, lt=1, description="Share of its values set to zero in training.")


class LinearFeatureExtractorSettings(
    FeatureExtractorSettings, kind="linear", target=".LinearFeatureExtractor"
):
    """One fully connected layer."""


FEATURE_EXTRACTORS = Slot(base=FeatureExtractorSettings, default="periodic")
FeatureExtractor = Annotated[FeatureExtractorSettings, FEATURE_EXTRACTORS]
