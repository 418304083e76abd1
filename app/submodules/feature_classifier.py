"""A small classifier of the training pictures, in whose features the quality of samples is measured.

Shapes: B pictures, C channels, S pixels to a side, N domains, F features.
"""

from collections.abc import Callable, Iterable

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim.lr_scheduler import CosineAnnealingLR

from nested_lightning.app.submodules.picture_encoders import halved_sizes


class FeatureClassifier(nn.Module):
    """Convolutions and one linear layer, fitted once to the training pictures and frozen from then on.

    The features are the means of the last convolution's channels over all positions, as those of the network
    in which Heusel et al., https://arxiv.org/abs/1706.08500, measure: how strokes and edges look counts
    there, and not only of which domain a picture is.

    It has no part in the losses of the model: no other parameter ever has a gradient from it.

    Args:
        channels: C.
        image_size: S.
        num_domains: N.
        hidden_features: Channels of the first convolution, at full size.
        out_features: F, channels of each later one, which halves the size. A few hundred pictures are enough
            for the covariance of a few features, and a distance means little beyond that.
        num_steps: Optimiser steps of `fit`.
    """

    is_fitted: Tensor

    def __init__(
        self,
        *,
        channels: int,
        image_size: int,
        num_domains: int,
        hidden_features: int = 16,
        out_features: int = 32,
        num_steps: int = 3000,
    ) -> None:
        super().__init__()
        self.num_steps = num_steps
        self.out_features = out_features
        layers: list[nn.Module] = [nn.Conv2d(channels, hidden_features, 3, padding=1), nn.ReLU()]
        width = hidden_features
        for _ in halved_sizes(image_size)[1:] or [image_size]:
            layers += [nn.Conv2d(width, out_features, 3, stride=2, padding=1), nn.ReLU()]
            width = out_features
        self.layers = nn.Sequential(*layers)
        self.head = nn.Linear(out_features, num_domains)
        self.register_buffer("is_fitted", torch.tensor(0, dtype=torch.uint8))  # a bool has no mean
        self.requires_grad_(False)

    def forward(self, pictures: Tensor) -> Tensor:
        """Map pictures of [B, C, S, S] to logits of the domains, [B, N]."""
        return self.head(self.features(pictures))

    def features(self, pictures: Tensor) -> Tensor:
        """Map pictures of [B, C, S, S] to features of [B, F]."""
        return self.layers(pictures).mean(dim=(2, 3))

    @torch.enable_grad()
    def fit(
        self,
        pictures: Tensor,
        domain: Tensor,
        *,
        batch_size: int = 64,
        lr: float = 3e-3,
        noise: float = 0.1,
        seed: int = 0,
        track: Callable[[range], Iterable[int]] = iter,
    ) -> None:
        """Learn the domains of pictures by Adam with half a cosine; draws from no generator but its own.

        Args:
            pictures: [B, C, S, S], the training part.
            domain: [B], int64.
            batch_size: Pictures to a step, drawn with repetition.
            lr: Learning rate in the beginning.
            noise: Standard deviation of what is added to each pixel, so that no single one decides.
            seed: Decides the batches and the noise.
            track: Takes the steps and gives them back one by one, e.g. to show how many are done.
        """
        generator = torch.Generator().manual_seed(seed)
        pictures = pictures.to(self.head.weight)
        self.requires_grad_(True)
        optimizer = torch.optim.Adam(self.parameters(), lr=lr, weight_decay=1e-4)
        schedule = CosineAnnealingLR(optimizer, self.num_steps)
        for _ in track(range(self.num_steps)):
            rows = torch.randint(len(pictures), (batch_size,), generator=generator)
            batch = pictures[rows.to(pictures.device)]
            shift = noise * torch.randn(batch.shape, generator=generator).to(batch)
            loss = F.cross_entropy(self(batch + shift), domain[rows.to(domain.device)])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
        self.requires_grad_(False)
        self.zero_grad()
        self.is_fitted.fill_(1)
