"""Choices of feature extractor for texts and for sequences."""

from typing import Annotated, Literal

from pydantic import Field

from nested_lightning.settings.choices.feature_extractors import FeatureExtractorSettings
from nested_lightning.settings.choices.pretrained import TransformersTextSettings
from nested_lightning.settings.numbers import Width
from nested_lightning.settings.slot import Slot

_EMBEDDING = "Width of a word's embedding."
_HIDDEN = "Width of each direction's hidden state."


class TextExtractorSettings(
    FeatureExtractorSettings, module="nested_lightning.app.submodules.text_extractors"
):
    """What every extractor of texts has."""


class EmbeddedTextSettings(TextExtractorSettings):
    """What those have that learn an embedding of each word."""

    embedding_features: Width = Field(64, description=_EMBEDDING)
    dropout: float = Field(0.2, ge=0, lt=1, description="Share of features set to zero in training.")


class BagOfWordsSettings(EmbeddedTextSettings, kind="bag_of_words", target=".BagOfWords"):
    """Of texts: the mean of words' embeddings, whatever their order."""


class RecurrentTextSettings(EmbeddedTextSettings, kind="recurrent_text", target=".RecurrentTextExtractor"):
    """Of texts: words' embeddings, read by a GRU both ways."""

    hidden_features: Width = Field(32, description=_HIDDEN)


class TransformersTextExtractorSettings(
    TextExtractorSettings,
    TransformersTextSettings,
    kind="transformers_text",
    target="nested_lightning.app.submodules.pretrained.texts.TransformersTextExtractor",
):
    """Of texts: a text encoder of transformers, trained elsewhere; then a linear layer."""

    pooling: Literal["mean", "first"] = Field(
        "mean", description="What is made of a text's tokens: their mean, or the first one."
    )
    dropout: float = Field(0.1, ge=0, lt=1, description="Share of features set to zero in training.")


class SequenceExtractorSettings(
    FeatureExtractorSettings, module="nested_lightning.app.submodules.text_extractors"
):
    """What every extractor of sequences has."""


class RecurrentSequenceSettings(
    SequenceExtractorSettings, kind="recurrent_sequence", target=".RecurrentSequenceExtractor"
):
    """Of sequences: steps, read by a GRU both ways."""

    hidden_features: Width = Field(32, description=_HIDDEN)
    dropout: float = Field(0.1, ge=0, lt=1, description="Share of features set to zero in training.")


TEXT_EXTRACTORS = Slot(base=TextExtractorSettings, default="bag_of_words")
TextExtractor = Annotated[TextExtractorSettings, TEXT_EXTRACTORS]
SEQUENCE_EXTRACTORS = Slot(base=SequenceExtractorSettings, default="recurrent_sequence")
SequenceExtractor = Annotated[SequenceExtractorSettings, SEQUENCE_EXTRACTORS]
