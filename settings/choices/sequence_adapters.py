"""Choices of adapter in front of a sequence decoder: a variant's own steps in, vectors out."""

from typing import Annotated

from pydantic import Field

from nested_lightning.settings.base import ChoiceSettings
from nested_lightning.settings.choices.pretrained import TransformersTextSettings
from nested_lightning.settings.numbers import Pixels, Width
from nested_lightning.settings.slot import Slot


class AdapterSettings(ChoiceSettings, module="nested_lightning.app.submodules.sequence_adapters"):
    """What every adapter has."""

    out_features: Width = Field(32, description="Width of the vector that a step becomes.")


class TokenAdapterSettings(AdapterSettings):
    """What every adapter of characters and tokens has."""


class VectorAdapterSettings(AdapterSettings):
    """What every adapter of vectors has."""


class EmbeddingSettings(TokenAdapterSettings, kind="embedding", target=".TokenEmbedding"):
    """One learned vector for each token or character."""

    dropout: float = Field(0.0, ge=0, lt=1, description="Share of the vectors set to zero in training.")


class TransformersAdapterSettings(
    TokenAdapterSettings,
    TransformersTextSettings,
    kind="transformers",
    target="nested_lightning.app.submodules.pretrained.step_texts.TransformersStepAdapter",
):
    """A text encoder of transformers, trained elsewhere, which reads by its own tokenizer; then one layer."""

    dropout: float = Field(0.1, ge=0, lt=1, description="Share of features set to zero in training.")


class ProjectionSettings(VectorAdapterSettings, kind="projection", target=".LinearProjection"):
    """One fully connected layer."""


class PerceptronSettings(VectorAdapterSettings, kind="perceptron", target=".PerceptronProjection"):
    """Two fully connected layers."""

    hidden_features: Width = Field(128, description="Width between the two layers.")
    dropout: float = Field(0.2, ge=0, lt=1, description="Share of hidden values set to zero in training.")


class PictureSettings(VectorAdapterSettings, kind="picture", target=".PictureProjection"):
    """Two convolutions and a fully connected layer, for vectors that are small pictures."""

    height: Pixels | None = Field(None, description="Rows of a picture; null: it is square.")
    channels: Width = Field(16, description="Channels of the first convolution.")
    dropout: float = Field(0.2, ge=0, lt=1, description="Share of the last layer's input set to zero.")


TOKEN_ADAPTERS = Slot(base=TokenAdapterSettings, default="embedding")
TokenAdapter = Annotated[TokenAdapterSettings, TOKEN_ADAPTERS]
VECTOR_ADAPTERS = Slot(base=VectorAdapterSettings, default="perceptron")
VectorAdapter = Annotated[VectorAdapterSettings, VECTOR_ADAPTERS]
ADAPTERS = Slot(base=AdapterSettings, default="embedding")
Adapter = Annotated[AdapterSettings, ADAPTERS]
