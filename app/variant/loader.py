"""Batches of one variant each, in an order that can be resumed in the middle of an epoch."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor
from typing_extensions import override

from nested_lightning.app.data.batch_loader import PlaceableLoader
from nested_lightning.app.data.resumable_loader import epoch_generator
from nested_lightning.app.errors import UserError
from nested_lightning.app.processes import own_share, rank_and_world_size
from nested_lightning.app.variant.batch import SequenceBatch
from nested_lightning.app.variant.sampling import VariantSampling
from nested_lightning.app.variant.sequences import Sequences


@dataclass(kw_only=True, eq=False)
class VariantLoader(PlaceableLoader[SequenceBatch]):
    """Iterable over batches, for ``Trainer.fit`` and its kin, with the promises of `BatchLoader`.

    For training, ``sampling`` picks the variant of each batch, and each variant's sequences come in an order
    of their own; one that is drawn more often than its sequences last begins a new order. For evaluation
    (``sampling`` is None) every sequence comes once, variant after variant. All of an epoch depends on
    ``seed`` and its number alone.

    Under an initialised ``torch.distributed`` group every process draws the same variant at the same step and
    takes its own share of each global batch of ``batch_size × world_size`` sequences.

    Args:
        data: Sequences by the variant's name; each at least one.
        batch_sizes: Sequences in a batch of one process, by the variant's name.
        sampling: Picks the variants of an epoch; None: all sequences once and in order.
        batches_per_epoch: Batches of a training epoch; None: as many as all sequences make.
        seed: Decides the order, at least 0.
    """

    data: Mapping[str, Sequences]
    batch_sizes: Mapping[str, int]
    sampling: VariantSampling | None = None
    batches_per_epoch: int | None = None
    seed: int = 0

    @override
    def __len__(self) -> int:
        """Return the number of batches of an epoch, the same for every process."""
        if self.sampling is not None and self.batches_per_epoch is not None:
            return self.batches_per_epoch
        return sum(self._num_batches.values())

    @override
    def _batches(self, epoch: int, start: int) -> Iterator[SequenceBatch]:
        for variant, indices in self._plan(epoch)[start:]:
            yield self._pinned(self.data[variant].gather(indices[own_share(len(indices))]))

    def _plan(self, epoch: int) -> list[tuple[str, Tensor]]:
        """Return variant and sequences of each global batch of an epoch."""
        if self.sampling is None:
            return [(name, batch) for name in self.data for batch in self._cut(name, self._in_order(name))]
        generator = epoch_generator(self.seed, epoch)
        sizes = {name: len(sequences) for name, sequences in self.data.items()}
        names: list[str] = []
        while len(names) < len(self):
            names += self.sampling(sizes, list(self._num_batches.values()), generator)
        names = names[: len(self)]
        supply = {name: self._supply(name, generator) for name in sorted(set(names))}
        return [(name, next(supply[name])) for name in names]

    def _supply(self, name: str, generator: torch.Generator) -> Iterator[Tensor]:
        own = torch.Generator().manual_seed(int(torch.randint(2**31, (), generator=generator)))
        while True:
            yield from self._cut(name, torch.randperm(len(self.data[name]), generator=own))

    def _in_order(self, name: str) -> Tensor:
        return torch.arange(len(self.data[name]))

    @cached_property
    def _num_batches(self) -> dict[str, int]:
        return {name: len(self._cut(name, self._in_order(name))) for name in self.data}

    def _cut(self, name: str, order: Tensor) -> list[Tensor]:
        world_size = rank_and_world_size()[1]
        if len(order) < world_size:
            raise UserError(
                f"variant '{name}': {len(order)} sequences cannot be shared by {world_size} processes;"
                " use fewer"
            )
        size = self.batch_sizes[name] * world_size
        batches = list(order.split(size))
        if self.sampling is not None and len(batches) > 1 and len(batches[-1]) < size:
            return batches[:-1]  # in training all batches of a variant have one size
        if len(batches) > 1 and len(batches[-1]) < world_size:  # too few for a batch in every process
            batches[-2:] = [torch.cat(batches[-2:])]
        return batches
