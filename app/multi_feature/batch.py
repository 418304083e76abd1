"""One batch, or a whole split, of samples described by several groups of features, in a composite's order.

Shapes: B samples, G groups, F_g features of group g.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from typing_extensions import override

from nested_lightning.app.data.fingerprint import ADDED
from nested_lightning.app.data.tensor_batch import TensorBatch, map_tensors, values_by_field
from nested_lightning.app.errors import UserError


@dataclass  # not frozen: Lightning converts batches in place for 64-true and its like
class FeatureBatch(TensorBatch):
    """Samples with one tensor for each group; the same type holds a split in memory and a batch of it.

    Attributes:
        features: For each group, in the groups' order, float32 of [B, F_g], or None where the group is
            missing in every sample.
        presence: Bool of [B, G], columns in the groups' order, False where a sample lacks the group (its
            row in ``features`` is zero). None: every group is present in every sample.
        target: What is true of the samples: class indices, int64 of [B]; standardised numbers or counts,
            float32 of [B]; or which labels each has, float32 of [B, K]; a mapping of such by column, where
            there are several. None where it is to be predicted.
        weight: What each sample counts in the loss, float32 of [B]; None: all count alike.
    """

    features: dict[str, Tensor | None]
    presence: Tensor | None = None
    target: Any = None
    weight: Tensor | None = field(default=None, metadata=ADDED)

    @override
    def map_tensors(self, function: Callable[[Tensor], Tensor]) -> FeatureBatch:
        """Return the same samples with each tensor replaced: in memory, also where they were in files."""
        return FeatureBatch(**map_tensors(values_by_field(self), function))


Features = Mapping[str, Tensor | None] | Sequence[Tensor | None]
"""One tensor for each group, by name or in the groups' order; None: the group is missing in every row."""


def tensors_by_group(features: Features, names: Sequence[str]) -> dict[str, Tensor | None]:
    """Return the tensors of the groups in the order of their names.

    Raises:
        UserError: A group is unknown or not given, or there are more or fewer than names.
    """
    if not isinstance(features, Mapping):
        if len(features) != len(names):
            raise UserError(
                f"{len(features)} groups were given, but there are {len(names)} feature extractors: "
                + ", ".join(names)
            )
        return dict(zip(names, features, strict=True))
    if tuple(features) == tuple(names):
        return dict(features)
    unknown = [name for name in features if name not in names]
    missing = [name for name in names if name not in features]
    if unknown or missing:
        raise UserError(
            f"groups {', '.join(names)} are needed; unknown: {', '.join(unknown) or 'none'}; "
            f"not given: {', '.join(missing) or 'none'} (give None for a group that is missing)"
        )
    return {name: features[name] for name in names}


def mask_missing(tensors: Mapping[str, Tensor | None], presence: Tensor | None, *, like: Tensor) -> Tensor:
    """Return the presence mask, [B, G], with the groups that are None left out; ``like`` has B rows."""
    given = torch.tensor([tensor is not None for tensor in tensors.values()], device=like.device)
    whole = given.expand(len(like), -1)
    return whole if presence is None else presence & whole


def hide_groups(batch: FeatureBatch, *, share: float, device: torch.device) -> Tensor | None:
    """Return the presence mask of a batch, [B, G], with a ``share`` of its groups hidden at random.

    A row always keeps at least one group. Where the share is 0, it is the batch's own mask.
    """
    if share == 0:
        return batch.presence
    shape = (len(batch), len(batch.features))
    present = torch.ones(shape, dtype=torch.bool, device=device) if batch.presence is None else batch.presence
    draws = torch.rand(shape, device=device).masked_fill(~present, -1.0)
    kept = draws >= share
    return kept | (present & (draws == draws.amax(dim=1, keepdim=True)))
