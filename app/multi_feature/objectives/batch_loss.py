"""The loss of a batch, by any objective.

Shapes: B rows of a batch.
"""

from typing import Any

import torch
from torch import Tensor

from nested_lightning.app.multi_feature.batch import FeatureBatch
from nested_lightning.app.multi_feature.objectives.members import member_losses


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
