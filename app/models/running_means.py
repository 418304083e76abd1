"""Means of many losses over an epoch."""

from collections.abc import Mapping

import torch
from torch import Tensor


class RunningMeans:
    """Weighted means of named values; nothing is read from the device before they are computed."""

    def __init__(self) -> None:
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
        """Return the means by name, of this process."""
        return {name: float(total) / self._weights[name] for name, total in self._totals.items()}

    def state_dict(self) -> dict[str, list[float]]:
        """Return total and weight of each name as plain numbers."""
        return {name: [float(total), self._weights[name]] for name, total in self._totals.items()}

    def load_state_dict(self, state_dict: Mapping[str, list[float]]) -> None:
        """Go on from what `state_dict` returned."""
        self._totals = {name: torch.tensor(total) for name, (total, _) in state_dict.items()}
        self._weights = {name: weight for name, (_, weight) in state_dict.items()}

    def reset(self) -> None:
        """Begin anew."""
        self._totals.clear()
        self._weights.clear()
