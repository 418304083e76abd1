"""Which variant each batch of an epoch is of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch


class VariantSampling(Protocol):
    """Picks the variants of an epoch's batches."""

    def __call__(
        self, num_sequences: Mapping[str, int], num_batches: Sequence[int], generator: torch.Generator
    ) -> list[str]:
        """Return the variant of each batch, as many as ``num_batches`` are together."""


@dataclass(frozen=True, kw_only=True)
class ProportionalSampling:
    """Each variant by its size: in an epoch every sequence comes once, the variants in random order."""

    def __call__(
        self, num_sequences: Mapping[str, int], num_batches: Sequence[int], generator: torch.Generator
    ) -> list[str]:
        """Shuffle as many batches of each variant as its sequences make."""
        names = [name for name, count in zip(num_sequences, num_batches, strict=True) for _ in range(count)]
        return [names[i] for i in torch.randperm(len(names), generator=generator).tolist()]


@dataclass(frozen=True, kw_only=True)
class RoundRobinSampling:
    """All variants in turn, whatever their sizes."""

    def __call__(
        self, num_sequences: Mapping[str, int], num_batches: Sequence[int], generator: torch.Generator
    ) -> list[str]:
        """Repeat the variants in their order."""
        names = list(num_sequences)
        return [names[step % len(names)] for step in range(sum(num_batches))]


@dataclass(frozen=True, kw_only=True)
class TemperatureSampling:
    """Each batch's variant drawn on its own, with a probability that is proportional to n^(1/T).

    Arivazhagan et al. 2019, arXiv 1907.05019. T is 1: by size n; the higher T, the more alike.

    Args:
        temperature: T, above 0.
    """

    temperature: float = 5.0

    def __call__(
        self, num_sequences: Mapping[str, int], num_batches: Sequence[int], generator: torch.Generator
    ) -> list[str]:
        """Draw each batch's variant."""
        names = list(num_sequences)
        sizes = torch.tensor(list(num_sequences.values()), dtype=torch.float64)
        weights = (sizes / sizes.max()) ** (1.0 / self.temperature)
        drawn = torch.multinomial(weights, sum(num_batches), replacement=True, generator=generator)
        return [names[i] for i in drawn.tolist()]
