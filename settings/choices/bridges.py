"""Choices of bridge: how the features of a picture reach the text decoder."""

from typing import Annotated, Literal

from pydantic import Field

from nested_lightning.settings.base import ChoiceSettings
from nested_lightning.settings.numbers import Width
from nested_lightning.settings.slot import Slot


class BridgeSettings(ChoiceSettings, module="nested_lightning.app.submodules.bridges"):
    """What every bridge has."""

    out_features: Width = Field(256, description="Width of what the decoder is given.")
    dropout: float = Field(0.1, ge=0, lt=1, description="Share of features set to zero in training.")


class PooledBridgeSettings(BridgeSettings):
    """What the bridges have that make one vector of a picture."""

    pooling: Literal["mean", "flatten"] = Field(
        "flatten", description="One vector of the grid: its mean, or all its positions side by side."
    )


class InitialStateBridgeSettings(PooledBridgeSettings, kind="initial_state", target=".InitialStateBridge"):
    """The picture is the decoder's initial state."""


class FirstInputBridgeSettings(PooledBridgeSettings, kind="first_input", target=".FirstInputBridge"):
    """The picture is the decoder's first input, read before the first word (Vinyals et al. 2015)."""


class EveryStepBridgeSettings(PooledBridgeSettings, kind="every_step", target=".EveryStepBridge"):
    """The picture is read with every word."""


class AttentionBridgeSettings(BridgeSettings, kind="attention", target=".AttentionBridge"):
    """The decoder attends to positions of the picture (Xu et al. 2015)."""


BRIDGES = Slot(base=BridgeSettings, default="every_step")
Bridge = Annotated[BridgeSettings, BRIDGES]
