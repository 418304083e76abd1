"""Scores of a model of pictures over one validation or test, and means of losses over an epoch.

Shapes: B pictures of a batch, N of all batches, C channels, S pixels to a side.
"""

from collections.abc import Mapping
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torchmetrics import MeanMetric, Metric
from torchmetrics.utilities import dim_zero_cat

from nested_lightning.app.processes import gather_from_ranks
from nested_lightning.app.submodules.feature_classifier import FeatureClassifier
from nested_lightning.app.vae_gan.batch import PictureBatch
from nested_lightning.app.vae_gan.sample_quality import sample_quality


class PictureModel(Protocol):
    """What draws new pictures and reconstructs given ones, as `app.vae_gan.model.VaeGan` does."""

    classifier: FeatureClassifier

    def __call__(self, pictures: Tensor, domain: Tensor) -> Tensor:
        """Return reconstructions."""

    def sample(self, domain: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Return a new picture of each domain."""


class PictureScores(nn.Module):
    """Gathers the pictures of all batches, and scores samples against them."""

    def __init__(self) -> None:
        super().__init__()
        self.reconstruction = MeanMetric()
        self.pictures = GatheredPictures()

    def update(self, model: PictureModel, batch: PictureBatch) -> None:
        """Reconstruct a batch and keep its pictures."""
        rebuilt = model(batch.pictures, batch.domain)
        self.reconstruction.update((rebuilt - batch.pictures).square().flatten(1).sum(dim=1))
        self.pictures.update(batch.pictures, batch.domain)

    def take(self, model: PictureModel) -> dict[str, float]:
        """Return the scores of `sample_quality` and the mean squared ``reconstruction`` error; begin anew."""
        scores = sample_quality(model.sample, model.classifier, *self.pictures.compute())
        scores["reconstruction"] = float(self.reconstruction.compute())
        self.reconstruction.reset()
        self.pictures.reset()
        return scores


class GatheredPictures(Metric):
    """All pictures of an epoch's validation or test, from every process.

    `compute` gives pictures of [N, C, S, S] and their domains of [N].
    """

    pictures: list[Tensor]
    domain: list[Tensor]
    sizes: list[Tensor]

    def __init__(self) -> None:
        super().__init__()
        self.add_state("pictures", [], dist_reduce_fx="cat")
        self.add_state("domain", [], dist_reduce_fx="cat")
        self.add_state("sizes", [], dist_reduce_fx="cat")

    def update(self, pictures: Tensor, domain: Tensor) -> None:
        """Add a batch of [B, C, S, S] and [B]."""
        self.pictures.append(pictures)
        self.domain.append(domain)
        self.sizes.append(domain.new_tensor([len(domain)]))

    def compute(self) -> tuple[Tensor, Tensor]:
        """Return all pictures and domains, batch after batch, as one process would see them."""
        sizes = dim_zero_cat(self.sizes)  # of the first process's batches, then of the second's, and so on
        by_batch = torch.arange(len(sizes)).view(-1, self.update_count).T.flatten().tolist()
        pictures, domain = (
            dim_zero_cat(parts).split(sizes.tolist()) for parts in (self.pictures, self.domain)
        )
        return torch.cat([pictures[i] for i in by_batch]), torch.cat([domain[i] for i in by_batch])


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
