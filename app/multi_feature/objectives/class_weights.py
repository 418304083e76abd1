"""Weights of classes in a loss."""

from collections.abc import Mapping
from typing import Literal, TypeAlias

import torch
from torch import Tensor

from nested_lightning.app.errors import UserError, did_you_mean
from nested_lightning.app.multi_feature.targets.specs import ClassTarget

ClassWeights: TypeAlias = Literal["balanced"] | Mapping[str, float] | None
"""``balanced``: the inverse of the count in the training part, mean over rows 1; or by name, others 1."""


def weigh_classes(target: ClassTarget, weights: ClassWeights) -> Tensor | None:
    """Return the weights of C classes, float32 of [C], or None for all alike.

    Raises:
        UserError: A weight names an unknown class.
    """
    if weights is None:
        return None
    names = target.names
    if weights == "balanced":
        counts = torch.tensor(target.counts, dtype=torch.float32)
        return counts.sum() / (len(names) * counts)
    for name in weights:
        if name not in names:
            raise UserError(
                f"multi_feature.objective.class_weights.{name}: no such class{did_you_mean(name, names)} "
                f"(allowed: {', '.join(names)})"
            )
    return torch.tensor([weights.get(name, 1.0) for name in names], dtype=torch.float32)
