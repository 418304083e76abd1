"""Choices of text decoder: the tokens so far and a picture in, the next token's logits out."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from nested_lightning.settings.base import ChoiceSettings
from nested_lightning.settings.choices.pretrained import TransformersWriterSettings
from nested_lightning.settings.numbers import Depth, Width
from nested_lightning.settings.slot import Slot


class TextDecoderSettings(ChoiceSettings):
    """What every text decoder has."""

    dropout: float = Field(0.1, ge=0, lt=1, description="Share of values set to zero in training.")


class RecurrentTextDecoderSettings(
    TextDecoderSettings, module="nested_lightning.app.submodules.text_decoders"
):
    """What the recurrent decoders have."""

    embedding_dim: Width = Field(128, description="Width of a token's embedding.")
    hidden_features: Width = Field(256, description="Width of the hidden state.")


class LstmTextDecoderSettings(RecurrentTextDecoderSettings, kind="lstm", target=".LstmTextDecoder"):
    """Embedding, LSTM, linear layer."""


class GruTextDecoderSettings(RecurrentTextDecoderSettings, kind="gru", target=".GruTextDecoder"):
    """Embedding, GRU, linear layer."""


class TransformerTextDecoderSettings(
    TextDecoderSettings,
    kind="transformer",
    target="nested_lightning.app.submodules.transformer_text_decoder.TransformerTextDecoder",
):
    """A small Transformer decoder."""

    hidden_features: Width = Field(256, description="Width of the model; a multiple of num_heads.")
    num_layers: Depth = Field(2, description="Number of layers.")
    num_heads: Depth = Field(4, description="Number of attention heads.")

    @model_validator(mode="after")
    def _share_the_width(self) -> Self:
        if self.hidden_features % self.num_heads or self.hidden_features % 2:
            raise ValueError(
                f"hidden_features {self.hidden_features} must be even, and a multiple of num_heads"
                f" {self.num_heads}"
            )
        return self


class TransformersTextDecoderSettings(
    TextDecoderSettings,
    TransformersWriterSettings,
    kind="transformers",
    target="nested_lightning.app.submodules.pretrained.language_models.TransformersTextDecoder",
):
    """A causal language model of transformers, trained elsewhere, with its tokenizer."""

    add_cross_attention: bool = Field(
        False,
        description="Give layers a new cross-attention to the picture, if config has none; else it is read"
        " before the words.",
    )
    dropout: float = Field(
        0.1, ge=0, lt=1, description="Share of the picture's features set to zero; its own is in config."
    )


TEXT_DECODERS = Slot(base=TextDecoderSettings, default="lstm")
TextDecoder = Annotated[TextDecoderSettings, TEXT_DECODERS]
