"""One batch, or a whole split, of samples described by several groups of features.

Shapes: B samples, G groups, F_g features of group g.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass  # not frozen: Lightning converts batches in place for 64-true and its like
class FeatureBatch:
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

    def __len__(self) -> int:
        return next((len(tensor) for tensor in self._tensors()), 0)

    def __getitem__(self, index: Tensor | slice) -> FeatureBatch:
        """Return the samples at ``index``: a view for a slice, one gather per group for int64 indices."""
        if isinstance(index, slice):
            return self._map(lambda tensor: tensor[index])
        return self._map(lambda tensor: tensor.index_select(0, index))

    def to(self, device: torch.device | str, non_blocking: bool = False) -> FeatureBatch:
        """Return the same samples on ``device``: themselves, if they are there already.

        From page-locked memory they are copied without waiting in any case.
        """
        if all(tensor.device == device for tensor in self._tensors()):
            return self
        return self._map(lambda each: each.to(device, non_blocking=non_blocking or each.is_pinned()))

    @property
    def num_bytes(self) -> int:
        """Memory that the tensors take."""
        return sum(tensor.nbytes for tensor in self._tensors())

    def pin_memory(self) -> FeatureBatch:
        """Return the same samples in page-locked memory, from which copies to a GPU need not wait."""
        return self._map(lambda tensor: tensor.pin_memory())

    def _tensors(self) -> list[Tensor]:
        tensors = (self.target, self.presence, *self.features.values())
        return [tensor for tensor in tensors if tensor is not None]

    def _map(self, function: Callable[[Tensor], Tensor]) -> FeatureBatch:
        return FeatureBatch(
            features={
                name: None if tensor is None else function(tensor) for name, tensor in self.features.items()
            },
            presence=None if self.presence is None else function(self.presence),
            target=None if self.target is None else function(self.target),
        )
