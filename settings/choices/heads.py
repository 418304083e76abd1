"""Choices of classifier head: one vector in, one logit for each class out."""

from typing import Annotated

from pydantic import Field

from nested_lightning.settings.base import ChoiceSettings
from nested_lightning.settings.slot import Slot


class HeadSettings(ChoiceSettings, module="nested_lightning.app.submodules.heads"):
    """What every classifier head has: nothing but its kind."""


class LinearHeadSettings(HeadSettings, kind="linear", target=".LinearHead"):
    """One fully connected layer."""


class NormalizedHeadSettings(HeadSettings, kind="normalized", target=".NormalizedHead"):
    """Batch normalisation, ReLU and dropout before the fully connected layer."""

    dropout: float = Field(0.3, ge=0, lt=1, description="Share of inputs set to zero in training.")


HEADS = Slot(base=HeadSettings, default="normalized")
Head = Annotated[HeadSettings, HEADS]
