"""One batch, or a whole split, of samples described by several groups of features.

Shapes: B samples, G groups, F_g features of group g.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor
from typing_extensions import override

from nested_lightning.app.data.tensor_batch import TensorBatch, map_tensors, values_by_field


@dataclass  # not frozen: Lightning converts batches in place for 64-true and its like
class FeatureBatch(TensorBatch):
    """Samples with one tensor for each group; the same type holds a split in memory and a batch of it.

    Attributes:
        features: For each group, in the groups' order, float32 of [B, F_g], or None where the group is
            missing in every sample.
        presence: Bool of [B, G], columns in the groups' order, False where a sample lacks the group (its
            row in ``features`` is zero). None: every group is present in every sample.
        target: Class indices, int64 of [B]; None where the classes are to be predicted.
    """

    features: dict[str, Tensor | None]
    presence: Tensor | None = None
    target: Tensor | None = None

    @override
    def map_tensors(self, function: Callable[[Tensor], Tensor]) -> FeatureBatch:
        """Return the same samples with each tensor replaced: in memory, also where they were in files."""
        return FeatureBatch(**map_tensors(values_by_field(self), function))
