"""Choices of a variant's loss, and of how the variants' losses are balanced."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from nested_lightning.settings.base import ChoiceSettings
from nested_lightning.settings.slot import Slot


class LossSettings(ChoiceSettings):
    """What every loss has: nothing but its kind."""


class CrossEntropySettings(LossSettings):
    """Cross-entropy with label smoothing."""

    target: ClassVar[str] = "nested_lightning.app.submodules.sequence_losses.CrossEntropy"
    kind: Literal["cross_entropy"] = Field("cross_entropy", description="Cross-entropy.")
    label_smoothing: float = Field(0.0, ge=0, lt=1, description="Share of the target given to all classes.")


class FocalLossSettings(LossSettings):
    """Cross-entropy that counts less where the model is sure."""

    target: ClassVar[str] = "nested_lightning.app.submodules.sequence_losses.FocalLoss"
    kind: Literal["focal"] = Field("focal", description="Counts less where the model is sure.")
    gamma: float = Field(2.0, ge=0, description="How much less; 0 is cross-entropy.")


class BalanceSettings(ChoiceSettings):
    """What every balance has: nothing but its kind."""


class FixedBalanceSettings(BalanceSettings):
    """Each variant's own weight."""

    target: ClassVar[str] = "nested_lightning.app.submodules.loss_balances.FixedBalance"
    kind: Literal["fixed"] = Field("fixed", description="Each variant's own weight.")


class CountBalanceSettings(BalanceSettings):
    """Each variant's own weight, divided by its share of the sequences."""

    target: ClassVar[str] = "nested_lightning.app.submodules.loss_balances.CountBalance"
    kind: Literal["count"] = Field("count", description="By the inverse of the number of sequences.")


class UncertaintyBalanceSettings(BalanceSettings):
    """Weights that are learned with the model."""

    target: ClassVar[str] = "nested_lightning.app.submodules.loss_balances.UncertaintyBalance"
    kind: Literal["uncertainty"] = Field("uncertainty", description="Learned (Kendall et al. 2018).")


LOSSES = Slot(base=LossSettings, default="cross_entropy", choices=[CrossEntropySettings, FocalLossSettings])
Loss = Annotated[LossSettings, LOSSES]
BALANCES = Slot(
    base=BalanceSettings,
    default="fixed",
    choices=[FixedBalanceSettings, CountBalanceSettings, UncertaintyBalanceSettings],
)
Balance = Annotated[BalanceSettings, BALANCES]
