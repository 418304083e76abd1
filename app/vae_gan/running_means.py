"""Means of many losses over an epoch."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from nested_lightning.app.processes import gather_from_ranks


class RunningMeans(nn.Module):
    """Weighted means of named values; nothing is read from the device before they are computed."""

    def __init__(self) -> None:
        super().__init__()
        self._totals: dict[str, Tensor] = {}
        self._weights: dict[str, float] = {}

    def update(self, values: Mapping[str, Tensor], weight: float = 1.0) -> None:
        """Take scalars into the means of their names; their gradients are dropped."""
        for name, value in values.items():
            weighted = weight * value.detach()
            total = self._totals.get(name)
            self._totals[name] = weighted if total is None else total.to(weighted) + weighted
            self._weights[name] = self._weights.get(name, 0.0) + weight

    def compute(self) -> dict[str, float]:
        """Return the means by name, of all processes."""
        totals: dict[str, list[float]] = {}
        for state in gather_from_ranks(self.running_state()):
            for name, (total, weight) in state.items():
                so_far = totals.setdefault(name, [0.0, 0.0])
                so_far[:] = so_far[0] + total, so_far[1] + weight
        return {name: total / weight for name, (total, weight) in totals.items()}

    def running_state(self) -> dict[str, Any]:
        """Return total and weight of each name as plain numbers, of this process."""
        return {name: [float(total), self._weights[name]] for name, total in self._totals.items()}

    def load_running_state(self, state: dict[str, Any]) -> None:
        """Go on from what `running_state` returned."""
        self._totals = {name: torch.tensor(total) for name, (total, _) in state.items()}
        self._weights = {name: weight for name, (_, weight) in state.items()}

    def reset(self) -> None:
        """Begin anew."""
        self._totals.clear()
        self._weights.clear()
