"""Outputs of several members of a head: each has a loss of its own, and their answers are averaged.

Shapes: B rows of a batch, M members, O outputs of an objective.
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from nested_lightning.app.multi_feature.batch import FeatureBatch


def member_losses(objective: Any, outputs: Tensor, target: Any) -> Tensor:
    """Return the loss of each row, [B], the mean of its members' where ``outputs`` is [B, M, O]."""
    if outputs.dim() == 2:
        loss_B: Tensor = objective(outputs, target)
        return loss_B
    loss_BM: Tensor = objective(outputs.flatten(0, 1), _repeated(target, outputs.shape[1]))
    return loss_BM.unflatten(0, outputs.shape[:2]).mean(dim=1)


def combine_members(objective: Any, outputs: Tensor) -> Tensor:
    """Return the joint outputs, [B, O], of M members: combined by the objective, or averaged."""
    if outputs.dim() == 2:
        return outputs
    if hasattr(objective, "combine"):
        combined: Tensor = objective.combine(outputs)
        return combined
    return outputs.mean(dim=1)


def mean_of_sigmoids(logits: Tensor) -> Tensor:
    """Return the logits, [B, O], of the mean of the members' probabilities, by their logits of [B, M, O]."""
    yes, no = (torch.nn.functional.logsigmoid(sign * logits).logsumexp(dim=1) for sign in (1, -1))
    return yes - no


def _repeated(target: Any, num_members: int) -> Any:
    if isinstance(target, Mapping):
        return {name: _repeated(one, num_members) for name, one in target.items()}
    return target.repeat_interleave(num_members, dim=0)


def batch_loss(objective: Any, outputs: Tensor, batch: FeatureBatch) -> tuple[Tensor, float]:
    """Return the mean loss of rows, and what it counts among those of other batches.

    Each row has its own weight, and that of its class.
    """
    loss_B = member_losses(objective, outputs, batch.target)
    weights = [one for one in (batch.weight, objective.row_weights(batch.target)) if one is not None]
    if not weights:
        return loss_B.mean(), len(batch)
    weight_B = torch.stack(weights).prod(dim=0)
    total = weight_B.sum()
    return (weight_B * loss_B).sum() / total, float(total)
