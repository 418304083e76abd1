"""Losses of a variant: logits and class indices in, their mean loss out.

Shapes: N labels that count, C classes.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class CrossEntropy(nn.Module):
    """Cross-entropy with label smoothing (Szegedy et al. 2016).

    Args:
        label_smoothing: Share of the target that is given to all classes alike, in [0, 1).
    """

    def __init__(self, *, label_smoothing: float = 0.0) -> None:
        super().__init__()
        self.label_smoothing = label_smoothing

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        """Return the mean loss of logits of [N, C], float, and targets of [N], int64."""
        return F.cross_entropy(logits, target, label_smoothing=self.label_smoothing)


class FocalLoss(nn.Module):
    """Cross-entropy that counts less where the model is sure and right (Lin et al. 2017, arXiv 1708.02002).

    Args:
        gamma: Exponent of the probability that is lacking, at least 0; 0: plain cross-entropy.
    """

    def __init__(self, *, gamma: float = 2.0) -> None:
        super().__init__()
        self.gamma = gamma

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        """Return the mean loss of logits of [N, C], float, and targets of [N], int64."""
        loss_N = F.cross_entropy(logits, target, reduction="none")
        return ((1.0 - torch.exp(-loss_N)) ** self.gamma * loss_N).mean()
