"""Choices of feature extractor for texts and for sequences."""

from typing import Annotated

from pydantic import Field

from nested_lightning.settings.choices.feature_extractors import FeatureExtractorSettings
from nested_lightning.settings.numbers import Width
from nested_lightning.settings.slot import Slot

_EMBEDDING = "Width of a word's embedding."
_HIDDEN = "Width of each direction's hidden state."


class TextExtractorSettings(
    FeatureExtractorSettings, module="nested_lightning.app.submodules.text_extractors"
):
    """What every extractor of texts has."""

    embedding_features: Width = Field(64, description=_EMBEDDING)
    dropout: float = Field(0.2, ge=0, lt=1, description="Share of features set to zero in training.")


class BagOfWordsSettings(TextExtractorSettings, kind="bag_of_words", target=".BagOfWords"):
    """Of texts: the mean of words' embeddings, whatever their order."""


class RecurrentTextSettings(TextExtractorSettings, kind="recurrent_text", target=".RecurrentTextExtractor"):
    """Of texts: words' embeddings, read by a GRU both ways."""

    hidden_features: Width = Field(32, description=_HIDDEN)


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
