"""Choices of sequence decoder and of the trunk before it: vectors in, logits for each step out."""

from typing import Annotated, Literal

from pydantic import Field

from nested_lightning.settings.base import ChoiceSettings
from nested_lightning.settings.numbers import Depth, Width
from nested_lightning.settings.slot import Slot


class SequenceDecoderSettings(ChoiceSettings, module="nested_lightning.app.submodules.sequence_decoders"):
    """What every sequence decoder has: nothing but its kind."""


class RecurrentDecoderSettings(SequenceDecoderSettings, kind="recurrent", target=".RecurrentDecoder"):
    """Recurrent layers and a fully connected one."""

    cell: Literal["lstm", "gru"] = Field("lstm", description="What the layers are made of.")
    hidden_features: Width = Field(64, description="Width of the recurrent layers, in each direction.")
    num_layers: Depth = Field(1, description="Recurrent layers one above the other.")
    is_bidirectional: bool = Field(
        True, description="Whether a sequence is read both ways; it can't be fed piece by piece then."
    )
    dropout: float = Field(0.0, ge=0, lt=1, description="Share of each layer's output set to 0 in training.")


class LinearDecoderSettings(SequenceDecoderSettings, kind="linear", target=".LinearDecoder"):
    """One fully connected layer: each step on its own."""


class TrunkSettings(ChoiceSettings, module="nested_lightning.app.submodules.sequence_trunks"):
    """What every trunk has: nothing but its kind."""


class PerceptronTrunkSettings(TrunkSettings, kind="perceptron", target=".PerceptronTrunk"):
    """A residual block of fully connected layers, each step on its own."""

    hidden_features: Width = Field(64, description="Width inside the block.")
    dropout: float = Field(0.0, ge=0, lt=1, description="Share of hidden values set to zero in training.")


class LstmTrunkSettings(TrunkSettings, kind="lstm", target=".LstmTrunk"):
    """An LSTM that reads both ways."""

    hidden_features: Width = Field(32, description="Width of each direction.")
    num_layers: Depth = Field(1, description="Layers one above the other.")


DECODERS = Slot(base=SequenceDecoderSettings, default="recurrent")
SequenceDecoder = Annotated[SequenceDecoderSettings, DECODERS]
TRUNKS = Slot(base=TrunkSettings, default="perceptron")
Trunk = Annotated[TrunkSettings, TRUNKS]
