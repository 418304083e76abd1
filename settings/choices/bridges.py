"""Choices of bridge: how the features of a picture reach the text decoder."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from nested_lightning.settings.base import ChoiceSettings
from nested_lightning.settings.numbers import Width
from nested_lightning.settings.slot import Slot


class BridgeSettings(ChoiceSettings):
    """What every bridge has."""

    out_features: Width = Field(256, description="Width of what the decoder is given.")
    dropout: float = Field(0.1, ge=0, lt=1, description="Share of features set to zero in training.")


class PooledBridgeSettings(BridgeSettings):
    """What the bridges have that make one vector of a picture."""

    pooling: Literal["mean", "flatten"] = Field(
        "flatten", description="One vector of the grid: its mean, or all its positions side by side."
    )


class InitialStateBridgeSettings(PooledBridgeSettings):
    """The picture is the decoder's initial state."""

    target: ClassVar[str] = "nested_lightning.app.submodules.bridges.InitialStateBridge"
    kind: Literal["initial_state"] = Field("initial_state", description="The decoder's initial state.")


class FirstInputBridgeSettings(PooledBridgeSettings):
    """The picture is the decoder's first input (Vinyals et al. 2015)."""

    target: ClassVar[str] = "nested_lightning.app.submodules.bridges.FirstInputBridge"
    kind: Literal["first_input"] = Field("first_input", description="Read before the first word.")


class EveryStepBridgeSettings(PooledBridgeSettings):
    """The picture is read with every word."""

    target: ClassVar[str] = "nested_lightning.app.submodules.bridges.EveryStepBridge"
    kind: Literal["every_step"] = Field("every_step", description="Read with every word.")


class AttentionBridgeSettings(BridgeSettings):
    """The decoder attends to positions of the picture (Xu et al. 2015)."""

    target: ClassVar[str] = "nested_lightning.app.submodules.bridges.AttentionBridge"
    kind: Literal["attention"] = Field("attention", description="Attention over the grid of features.")


BRIDGES = Slot(
    base=BridgeSettings,
    default="every_step",
    choices=[
        InitialStateBridgeSettings,
        FirstInputBridgeSettings,
        EveryStepBridgeSettings,
        AttentionBridgeSettings,
    ],
)
Bridge = Annotated[BridgeSettings, BRIDGES]
