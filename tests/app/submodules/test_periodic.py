"""Embeddings of numbers by cosines."""

import math

import torch

from nested_lightning.app.submodules.feature_extractors import PeriodicFeatureExtractor
from nested_lightning.app.submodules.periodic import PeriodicEmbedding


def test_a_column_stands_beside_functions_of_itself_alone() -> None:
    torch.manual_seed(0)
    embedding = PeriodicEmbedding(in_features=3, num_frequencies=5, embedding_features=4)
    x = torch.randn(6, 3)
    changed = x.clone()
    changed[:, 1] += 1

    embedded, other = embedding(x).unflatten(1, (3, 4)), embedding(changed).unflatten(1, (3, 4))

    torch.testing.assert_close(embedded[:, :, 0], x)
    assert torch.equal(embedded[:, [0, 2]], other[:, [0, 2]])
    assert not torch.allclose(embedded[:, 1], other[:, 1])


def test_the_numbers_beside_it_are_linear_in_cosines() -> None:
    torch.manual_seed(0)
    embedding = PeriodicEmbedding(in_features=1, num_frequencies=1, embedding_features=2)
    x = torch.randn(6, 1)

    frequency, phase = 0.1 * embedding.frequency, 0.1 * embedding.phase
    expected = 0.1 * embedding.weight[0] * torch.cos(math.tau * x * frequency + phase) + 0.1 * embedding.bias
    torch.testing.assert_close(embedding(x)[:, 1:], expected)


def test_a_large_group_is_not_embedded() -> None:
    small, large = (PeriodicFeatureExtractor(in_features=n, max_embedded=4) for n in (4, 5))

    assert [type(one.embedding) is PeriodicEmbedding for one in (small, large)] == [True, False]
