"""Choices of head: one vector in, as many outputs as the objective needs out."""

from typing import Annotated

from pydantic import Field

from nested_lightning.settings.base import ChoiceSettings
from nested_lightning.settings.numbers import Depth, Natural, Width
from nested_lightning.settings.slot import Slot


class HeadSettings(ChoiceSettings, module="nested_lightning.app.submodules.heads"):
    """What every classifier head has: nothing but its kind."""


class LinearHeadSettings(HeadSettings, kind="linear", target=".LinearHead"):
    """One fully connected layer."""


class NormalizedHeadSettings(HeadSettings, kind="normalized", target=".NormalizedHead"):
    """Batch normalisation, ReLU and dropout before the fully connected layer."""

    dropout: float = Field(0.3, ge=0, lt=1, description="Share of inputs set to zero in training.")


class MemberHeadSettings(HeadSettings, kind="members", target=".MemberHead"):
    """Several small networks trained as one, whose answers are averaged."""

    num_members: Depth = Field(4, description="Number of networks.")
    hidden_features: Width = Field(128, description="Width of the hidden layers of each.")
    num_layers: Depth = Field(2, description="Number of hidden layers of each.")
    max_features: Natural = Field(128, description="Widest input that has members; wider ones as normalized.")
    dropout: float = Field(0.3, ge=0, lt=1, description="Share of hidden values set to zero in training.")


HEADS = Slot(base=HeadSettings, default="members")
Head = Annotated[HeadSettings, HEADS]
