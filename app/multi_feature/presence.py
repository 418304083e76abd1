"""Which groups each row has, or is shown with.

Shapes: B rows of a batch, G groups.
"""

from collections.abc import Mapping

import torch
from torch import Tensor

from nested_lightning.app.multi_feature.batch import FeatureBatch


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
