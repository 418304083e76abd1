"""The default objective of a target."""

from typing import Any

from torch import nn

from nested_lightning.app.errors import UserError
from nested_lightning.app.multi_feature.objectives.binary import BinaryObjective
from nested_lightning.app.multi_feature.objectives.classes import ClassesObjective, ClassWeights
from nested_lightning.app.multi_feature.objectives.labels import LabelsObjective
from nested_lightning.app.multi_feature.objectives.numbers import CountsObjective, NumberObjective
from nested_lightning.app.multi_feature.targets.specs import ClassTarget, Target

_OBJECTIVES: dict[str, type[nn.Module]] = {
    "classes": ClassesObjective,
    "binary": BinaryObjective,
    "number": NumberObjective,
    "counts": CountsObjective,
    "labels": LabelsObjective,
}


def choose_objective(
    *, target: Target, class_weights: ClassWeights = None, label_smoothing: float | None = None
) -> nn.Module:
    """Return the objective of the target's kind, as it is by default.

    Args:
        target: What is to be predicted.
        class_weights: For classes, see `ClassWeights`.
        label_smoothing: For classes, in [0, 1); None: the objective's own; 0 is right for anything.

    Raises:
        UserError: One of both is given, and the target has no classes.
    """
    given: dict[str, Any] = {"class_weights": class_weights, "label_smoothing": label_smoothing}
    if not isinstance(target, ClassTarget):
        for name, value in given.items():
            if value:
                raise UserError(
                    f"multi_feature.objective.{name} is for classes, and the objective of column"
                    f" '{target.column}' is {target.kind}: leave it out, or set"
                    " multi_feature.objective.kind=classes"
                )
        given = {}
    kept = {name: value for name, value in given.items() if value is not None}
    return _OBJECTIVES[target.kind](target=target, **kept)
