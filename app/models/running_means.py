"""Means and pictures of an epoch, gathered from its batches."""

from collections.abc import Mapping

import torch
from torch import Tensor
from torchmetrics import Metric


class RunningMeans:
    """Weighted means of named values; nothing is read from the device before they are computed."""

    def __init__(self) -> None:
        self._totals: dict[str, Tensor] = {}
        self._weights: dict[str, float] = {}

    def update(self, values: Mapping[str, Tensor], weight: float = 1.0) -> None:
        """Take scalars into the means of their names; their gradients are dropped."""
        for name, value in values.items():
            weighted = weight * value.detach()
            self._totals[name] = self._totals[name] + weighted if name in self._totals else weighted
            self._weights[name] = self._weights.get(name, 0.0) + weight

    def compute(self) -> dict[str, float]:
        """Return the means by name, of this process."""
        return {name: float(total) / self._weights[name] for name, total in self._totals.items()}

    def reset(self) -> None:
        """Begin anew."""
        self._totals.clear()
        self._weights.clear()


class GatheredPictures(Metric):
    """All pictures of an epoch's validation or test, from every process.

    `compute` gives pictures of [N, C, S, S] and their domains of [N].
    """

    pictures: list[Tensor]
    domain: list[Tensor]

    def __init__(self) -> None:
        super().__init__()
        self.add_state("pictures", [], dist_reduce_fx="cat")
        self.add_state("domain", [], dist_reduce_fx="cat")

    def update(self, pictures: Tensor, domain: Tensor) -> None:
        """Add a batch of [B, C, S, S] and [B]."""
        self.pictures.append(pictures)
        self.domain.append(domain)

    def compute(self) -> tuple[Tensor, Tensor]:
        """Return all pictures and domains."""
        return _joined(self.pictures), _joined(self.domain)


def _joined(parts: list[Tensor] | Tensor) -> Tensor:
    return torch.cat(parts) if isinstance(parts, list) else parts
