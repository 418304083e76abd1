"""Choices of classifier head: one vector in, one logit for each class out."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from nested_lightning.settings.base import ChoiceSettings
from nested_lightning.settings.slot import Slot


class HeadSettings(ChoiceSettings):
    """What every classifier head has: nothing but its kind."""


class LinearHeadSettings(HeadSettings):
    """One fully connected layer."""

    target: ClassVar[str] = "nested_lightning.app.submodules.heads.LinearHead"
    kind: Literal["linear"] = Field("linear", description="One fully connected layer.")


class NormalizedHeadSettings(HeadSettings):
    """Batch normalisation, ReLU and dropout before the fully connected layer."""

    target: ClassVar[str] = "nested_lightning.app.submodules.heads.NormalizedHead"
    kind: Literal["normalized"] = Field("normalized", description="Normalised, ReLU, dropout, then linear.")
    dropout: float = Field(0.3, ge=0, lt=1, description="Share of inputs set to zero in training.")


HEADS = Slot(base=HeadSettings, default="normalized", choices=[LinearHeadSettings, NormalizedHeadSettings])
Head = Annotated[HeadSettings, HEADS]
