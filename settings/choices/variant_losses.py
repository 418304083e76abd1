"""Choices of a variant's loss, and of how the variants' losses are balanced."""

from typing import Annotated

from pydantic import Field

from nested_lightning.settings.base import ChoiceSettings
from nested_lightning.settings.slot import Slot


class LossSettings(ChoiceSettings, module="nested_lightning.app.submodules.sequence_losses"):
    """What every loss has: nothing but its kind."""


class CrossEntropySettings(LossSettings, kind="cross_entropy", target=".CrossEntropy"):
    """Cross-entropy with label smoothing."""

    label_smoothing: float = Field(0.0, ge=0, lt=1, description="Share of the target given to all classes.")


class FocalLossSettings(LossSettings, kind="focal", target=".FocalLoss"):
    """Cross-entropy that weighs steps less where the model is sure."""

    gamma: float = Field(2.0, ge=0, description="How much less; 0 is cross-entropy.")


class BalanceSettings(ChoiceSettings, module="nested_lightning.app.submodules.loss_balances"):
    """What every balance has: nothing but its kind."""


class FixedBalanceSettings(BalanceSettings, kind="fixed", target=".FixedBalance"):
    """Each variant's own weight."""


class CountBalanceSettings(BalanceSettings, kind="count", target=".CountBalance"):
    """Each variant's own weight, divided by its share of the sequences."""


class UncertaintyBalanceSettings(BalanceSettings, kind="uncertainty", target=".UncertaintyBalance"):
    """Weights that are learned with the model (Kendall et al. 2018)."""


LOSSES = Slot(base=LossSettings, default="cross_entropy")
Loss = Annotated[LossSettings, LOSSES]
BALANCES = Slot(base=BalanceSettings, default="fixed")
Balance = Annotated[BalanceSettings, BALANCES]
