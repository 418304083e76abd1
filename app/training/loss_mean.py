"""The mean loss of an epoch, added up without a metric's cost at each step."""

from typing import Any

import torch
from torch import Tensor, nn

from nested_lightning.app.processes import sum_over_ranks


class LossMean(nn.Module):
    """Adds up losses in place on their device; the mean is over the samples of all processes."""

    def __init__(self) -> None:
        super().__init__()
        # no buffer: DDP would put the first process's into all others
        self.total = torch.zeros((), dtype=torch.float64)
        self.weight = 0.0

    def add(self, loss: Tensor, weight: float) -> None:
        """Add the mean loss of a batch, a scalar, with what it counts: its samples, or their weights."""
        if self.total.device != loss.device:
            self.total = self.total.to(loss.device)
        self.total.add_(loss.detach(), alpha=weight)
        self.weight += weight

    def finish(self) -> Tensor:
        """Return the mean over all samples since the last call, and begin anew."""
        weight = torch.as_tensor(self.weight, dtype=self.total.dtype, device=self.total.device)
        total, total_weight = sum_over_ranks(torch.stack([self.total, weight]))
        mean = (total / total_weight).float()
        self.total.zero_()
        self.weight = 0.0
        return mean

    def running_state(self) -> dict[str, Any]:
        """Return what was added up since the last `finish`."""
        return {"total": self.total.cpu().clone(), "weight": self.weight}

    def load_running_state(self, state: dict[str, Any]) -> None:
        """Go on from what `running_state` returned."""
        self.total = state["total"].clone()
        self.weight = state["weight"]
