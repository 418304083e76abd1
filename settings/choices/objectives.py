"""Choices of objective: what is learnt of the column to predict, and how it is scored."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, NonNegativeFloat, PositiveFloat

from nested_lightning.settings.base import ChoiceSettings
from nested_lightning.settings.slot import Slot

ClassWeights = Literal["balanced"] | dict[str, PositiveFloat] | None
Share = Annotated[float, Field(gt=0, lt=1)]
_WEIGHTS = "Weights of classes in the loss: balanced (by inverse count), or by class name."
_SMOOTHING = "Share of the target given to all classes."


class ObjectiveSettings(ChoiceSettings, module="nested_lightning.app.multi_feature.objectives"):
    """What every objective has: nothing but its kind."""


class AutoObjectiveSettings(ObjectiveSettings, kind="auto", target=".choosing.choose_objective"):
    """What the column suggests: two values binary, words classes, numbers a number, lists labels."""

    class_weights: ClassWeights = Field(None, description=_WEIGHTS)
    label_smoothing: float | None = Field(
        None, ge=0, lt=1, description=f"{_SMOOTHING[:-1]}; null: 0.1, and 0 of two."
    )


class ClassesObjectiveSettings(ObjectiveSettings, kind="classes", target=".classes.ClassesObjective"):
    """One of several classes: cross-entropy."""

    class_weights: ClassWeights = Field(None, description=_WEIGHTS)
    label_smoothing: float = Field(0.1, ge=0, lt=1, description=_SMOOTHING)


class BinaryObjectiveSettings(ObjectiveSettings, kind="binary", target=".binary.BinaryObjective"):
    """Yes or no: binary cross-entropy, and a threshold."""

    class_weights: ClassWeights = Field(None, description=_WEIGHTS)
    label_smoothing: float = Field(0.0, ge=0, lt=1, description=_SMOOTHING)
    threshold: Annotated[float, Field(ge=0, le=1)] | Literal["mcc", "f1", "balanced_accuracy", "accuracy"] = (
        Field(
            "mcc", description="Probability from which on it is yes, or what is best on the validation part."
        )
    )


class NumberObjectiveSettings(ObjectiveSettings, kind="number", target=".numbers.NumberObjective"):
    """A number, and quantiles of it where they are wanted."""

    loss: Literal["squared", "absolute", "huber"] = Field("squared", description="Loss of the number.")
    huber_delta: PositiveFloat = Field(
        1.0, description="Error from which on Huber's loss grows linearly, in standard deviations."
    )
    quantiles: list[Share] = Field([], description="Levels of further outputs, e.g. 0.1 and 0.9.")
    interval: Share | None = Field(
        None, description="Share of rows between two further quantiles, e.g. 0.9; null: no interval."
    )


class CountsObjectiveSettings(ObjectiveSettings, kind="counts", target=".numbers.CountsObjective"):
    """How many: a Poisson distribution."""


class LabelsObjectiveSettings(ObjectiveSettings, kind="labels", target=".labels.LabelsObjective"):
    """Any number of labels for each row."""

    threshold: float | None = Field(
        None, ge=0, le=1, description="Probability of a label; null: best F1 on the validation part."
    )


class SeveralObjectiveSettings(ObjectiveSettings, kind="several", target=".several.SeveralObjective"):
    """Several columns, each with its objective in objectives."""

    balance: Literal["fixed", "uncertainty"] = Field(
        "fixed", description="Losses are weighed by weights alone, or also by what is learnt (Kendall 2018)."
    )
    weights: dict[str, NonNegativeFloat] = Field({}, description="Weights of losses by column; others 1.")


OBJECTIVES = Slot(base=ObjectiveSettings, default="auto")
Objective = Annotated[ObjectiveSettings, OBJECTIVES]


def kinds_of(objectives: Mapping[str, ObjectiveSettings]) -> dict[str, str]:
    """Return the kind of each objective, by its column."""
    return {column: one.kind for column, one in objectives.items()}
