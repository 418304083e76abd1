"""Feature extractors: widths, shapes, gradients."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from nested_lightning.app.submodules.feature_extractors import (
    FeatureExtractor,
    LinearFeatureExtractor,
    NormalizedFeatureExtractor,
    PeriodicFeatureExtractor,
    ResidualFeatureExtractor,
)

EXTRACTORS = [
    FeatureExtractor,
    LinearFeatureExtractor,
    NormalizedFeatureExtractor,
    PeriodicFeatureExtractor,
    ResidualFeatureExtractor,
]


@pytest.mark.parametrize("extractor_type", EXTRACTORS)
def test_extractor_maps_its_group_to_the_width_it_publishes(extractor_type: Callable[..., Any]) -> None:
    extractor = extractor_type(in_features=5, out_features=3)

    assert (extractor.in_features, extractor.out_features) == (5, 3)
    assert extractor(torch.randn(4, 5)).shape == (4, 3)


@pytest.mark.parametrize("extractor_type", EXTRACTORS)
def test_every_parameter_of_an_extractor_gets_a_gradient(extractor_type: Callable[..., Any]) -> None:
    torch.manual_seed(0)
    extractor = extractor_type(in_features=5, out_features=3)

    extractor(torch.randn(8, 5)).square().sum().backward()

    assert all(p.grad is not None and p.grad.any() for p in extractor.parameters())


def test_plain_extractor_is_two_layers_with_relu_between() -> None:
    extractor: Any = FeatureExtractor(in_features=10)
    first, _, second = extractor.layers
    x = torch.randn(4, 10)

    assert (first.out_features, second.out_features) == (64, 32)
    assert torch.equal(extractor(x), second(first(x).clamp(min=0)))


def test_residual_extractor_adds_its_blocks_to_the_projection() -> None:
    extractor: Any = ResidualFeatureExtractor(in_features=5, out_features=3, num_blocks=2)
    for block in extractor.blocks:
        nn.init.zeros_(block[-1].weight)
        nn.init.zeros_(block[-1].bias)
    x = torch.randn(4, 5)

    assert torch.equal(extractor(x), extractor.projection(x))
