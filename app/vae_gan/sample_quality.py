"""Scores of new pictures against real ones, for validation, test and evaluation alike.

Shapes: N real pictures, C channels, S pixels to a side, D domains.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from nested_lightning.app.submodules.feature_classifier import FeatureClassifier

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


def frechet_distance(real: Tensor, generated: Tensor) -> float:
    """Return the squared Fréchet distance of normal distributions fitted to features of [N, F] and [M, F].

    Heusel et al., https://arxiv.org/abs/1706.08500, with the features of any classifier. It is at least 0,
    and nan where a set has fewer than 2 vectors, or a value that is not finite.
    """
    if min(len(real), len(generated)) < 2 or not (real.isfinite().all() and generated.isfinite().all()):
        return float("nan")
    real, generated = real.double().cpu(), generated.double().cpu()
    shift = (real.mean(dim=0) - generated.mean(dim=0)).square().sum()
    covariance, other = torch.cov(real.T), torch.cov(generated.T)
    root = _root(covariance)
    overlap = torch.linalg.eigvalsh(root @ other @ root).clamp(min=0).sqrt().sum()
    return max(0.0, float(shift + covariance.trace() + other.trace() - 2 * overlap))


def mean_pixel_distance(pictures: Tensor, domain: Tensor) -> float:
    """Return the mean Euclidean distance between two pictures of one domain, mean over the domains.

    ``pictures`` are [N, C, S, S], ``domain`` [N], int64. A domain with a single picture is left out; it is
    nan where none has two.
    """
    distances = [
        float(torch.pdist(pictures[domain == index].flatten(1).float()).mean())
        for index, count in enumerate(torch.bincount(domain).tolist())
        if count > 1
    ]
    return sum(distances) / len(distances) if distances else float("nan")


def two_sample_accuracies(real: Tensor, generated: Tensor) -> tuple[float, float]:
    """Return how often the nearest neighbour of a picture is of its own kind, for real and generated ones.

    The leave-one-out 1-NN test of Lopez-Paz and Oquab, https://arxiv.org/abs/1610.06545: 0.5 where the two
    can't be distinguished, 1 where they lie apart, less than 0.5 where generated ones copy the real ones. The
    test's accuracy is the mean of both, in which generated ones that crowd together among the real ones count
    as good: more of the generated and fewer of the real ones then have a generated neighbour (Xu et al.,
    https://arxiv.org/abs/1806.07755). Both are [N, C, S, S].
    """
    pictures = torch.cat([real, generated]).flatten(1).float()
    is_real = torch.arange(len(pictures), device=pictures.device) < len(real)
    distances = torch.cdist(pictures, pictures, compute_mode="donot_use_mm_for_euclid_dist")
    nearest = distances.fill_diagonal_(float("inf")).argmin(dim=1)
    is_alike = (is_real[nearest] == is_real).float()
    return float(is_alike[: len(real)].mean()), float(is_alike[len(real) :].mean())


def _root(matrix: Tensor) -> Tensor:
    """Return the square root of a symmetric matrix without negative eigenvalues."""
    values, vectors = torch.linalg.eigh(matrix)
    return (vectors * values.clamp(min=0).sqrt()) @ vectors.T
