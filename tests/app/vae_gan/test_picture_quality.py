import math

import pytest
import torch

from nested_lightning.app.vae_gan.sample_quality import (
    frechet_distance,
    mean_pixel_distance,
    two_sample_accuracies,
)


def test_frechet_distance_of_shifted_and_scaled_normals_is_the_closed_form() -> None:
    torch.manual_seed(0)
    standard = torch.randn(200_000, 3)
    scale, shift = torch.tensor([2.0, 0.5, 1.0]), torch.tensor([1.0, 0.0, -2.0])

    distance = frechet_distance(standard, torch.randn(200_000, 3) * scale + shift)

    assert distance == pytest.approx(float((shift**2).sum() + ((scale - 1) ** 2).sum()), abs=0.05)


def test_frechet_distance_heeds_correlations_and_is_symmetric() -> None:
    torch.manual_seed(0)
    independent = torch.randn(5000, 2)
    correlated = torch.randn(5000, 2) @ torch.tensor([[1.0, 0.9], [0.0, 0.436]])

    assert frechet_distance(independent, independent) == pytest.approx(0, abs=1e-9)
    assert frechet_distance(independent, correlated) > 0.2
    assert frechet_distance(independent, correlated) == pytest.approx(
        frechet_distance(correlated, independent)
    )


def test_frechet_distance_of_too_few_or_broken_vectors_is_no_number() -> None:
    vectors = torch.rand(4, 2)

    assert math.isnan(frechet_distance(vectors[:1], vectors))
    assert math.isnan(frechet_distance(vectors, vectors / 0 * 0))


def test_mean_pixel_distance_is_within_domains_alone() -> None:
    pictures = torch.tensor([0.0, 3.0, 100.0, 101.0, 500.0]).view(5, 1, 1, 1)
    domain = torch.tensor([0, 0, 1, 1, 2])

    assert mean_pixel_distance(pictures, domain) == pytest.approx(2.0)
    assert math.isnan(mean_pixel_distance(pictures[-1:], domain[-1:]))


def test_two_sample_accuracies_are_1_apart_0_for_copies_and_a_half_for_the_same() -> None:
    torch.manual_seed(0)
    real = torch.rand(400, 1, 3, 3)

    assert two_sample_accuracies(real, real + 10) == (1.0, 1.0)
    assert two_sample_accuracies(real, real + 1e-4) == (0.0, 0.0)
    assert two_sample_accuracies(real, torch.rand(400, 1, 3, 3)) == pytest.approx((0.5, 0.5), abs=0.08)


def test_two_sample_accuracies_tell_crowded_pictures_from_spread_ones() -> None:
    torch.manual_seed(0)
    real = torch.randn(400, 1, 3, 3)

    of_real, of_crowded = two_sample_accuracies(real, torch.randn(400, 1, 3, 3) * 0.8)

    assert of_real < 0.47
    assert of_crowded > 0.6
