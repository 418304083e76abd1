"""Scores of new pictures against real ones, for validation, test and evaluation alike.

Shapes: N real pictures, C channels, S pixels to a side, D domains.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from nested_lightning.app.submodules.feature_classifier import FeatureClassifier
from nested_lightning.app.vae_gan.picture_quality import (
    frechet_distance,
    mean_pixel_distance,
    two_sample_accuracies,
)

Sampler = Callable[[Tensor, torch.Generator], Tensor]
"""From domains of [B] and a generator to new pictures of [B, C, S, S]."""

MIN_SAMPLES = 1000
"""Samples that the Fréchet distance is taken from, at least."""

SAMPLES_PER_DOMAIN = 100
"""Samples of each domain that accuracy and diversity are taken from."""

MAX_NEIGHBOURS = 2000
"""Real pictures that take part in the two-sample test, at most: it compares each with each."""


@torch.no_grad()
def sample_quality(
    sample: Sampler, classifier: FeatureClassifier, pictures: Tensor, domain: Tensor, *, seed: int = 0
) -> dict[str, float]:
    """Draw new pictures and score them.

    Args:
        sample: Makes the pictures.
        classifier: Fitted to the training pictures.
        pictures: Real pictures that were not trained on, [N, C, S, S].
        domain: [N], int64.
        seed: Decides the draw, so that scores of the same model are the same each time.

    Returns:
        ``frechet_distance`` in the classifier's features, of as many samples of each domain as there are real
        pictures or a multiple of it; ``two_sample_accuracy`` of the same samples, as many at a time as there
        are real pictures, and its two halves ``real_neighbour_accuracy`` and ``sample_neighbour_accuracy``,
        see `two_sample_accuracies`; ``domain_accuracy``, how often the classifier says the asked-for domain;
        ``diversity``, the mean distance between samples of one domain as a share of that between real ones.
    """
    generator = torch.Generator().manual_seed(seed)
    matched = sample(domain.repeat(-(-MIN_SAMPLES // len(domain))), generator)
    asked = domain.unique().repeat_interleave(SAMPLES_PER_DOMAIN)
    samples = sample(asked, generator)
    some = torch.randperm(len(domain), generator=generator)[:MAX_NEIGHBOURS].to(domain.device)
    draws = [two_sample_accuracies(pictures[some], draw[some]) for draw in matched.split(len(domain))]
    of_real, of_samples = (sum(halves) / len(draws) for halves in zip(*draws, strict=True))
    return {
        "frechet_distance": frechet_distance(classifier.features(pictures), classifier.features(matched)),
        "two_sample_accuracy": (of_real + of_samples) / 2,
        "real_neighbour_accuracy": of_real,
        "sample_neighbour_accuracy": of_samples,
        "domain_accuracy": float((classifier(samples).argmax(dim=1) == asked).float().mean()),
        "diversity": mean_pixel_distance(samples, asked) / mean_pixel_distance(pictures, domain),
    }
