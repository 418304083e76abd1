"""Batches gathered whole from data in memory, resumable in the middle of an epoch.

A torch DataLoader fetches sample by sample and collates; here a batch is one call of the data's own
``__getitem__`` with all its indices.
"""

from collections.abc import Iterator
from itertools import accumulate, pairwise
from typing import Any, Protocol, Self, TypeVar

import torch
from torch import Tensor
from typing_extensions import override

from nested_lightning.app.data.resumable_loader import ResumableLoader, epoch_generator
from nested_lightning.app.data.tensor_batch import map_tensors, num_bytes
from nested_lightning.app.errors import UserError
from nested_lightning.app.processes import own_share, rank_and_world_size


class Indexable(Protocol):
    """Data that returns several samples at once, as data of its own type."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: Tensor | slice, /) -> Self: ...


AnyBatchT = TypeVar("AnyBatchT")
BatchT = TypeVar("BatchT", bound=Indexable)

_ROWS_GATHERED = 1024
"""Rows that are gathered at once: small batches are then slices, cheaper than a gather each. Four times as
many took ten times as long for 650 features, whose copy then no longer fits into the processor's cache."""


class PlaceableLoader(ResumableLoader[AnyBatchT]):
    """A loader whose data can be kept on a device.

    Attributes:
        data: A tensor, a `TensorBatch`, or a mapping of such; anything else stays where it is.
    """

    data: Any
    _is_placed = False
    _is_pinned = False

    def place(self, device: torch.device, *, limit_bytes: int) -> None:
        """Keep the data on a CUDA device if they fit the limit; else give batches in page-locked memory."""
        if not self._is_placed:
            self._is_placed = True
            self._is_pinned = num_bytes(self.data) > limit_bytes
            if not self._is_pinned:
                self.data = map_tensors(self.data, lambda tensor: tensor.to(device))

    def _pinned(self, batch: AnyBatchT) -> AnyBatchT:
        """Return a batch in page-locked memory, if the data are too large for the device."""
        return map_tensors(batch, lambda tensor: tensor.pin_memory()) if self._is_pinned else batch


class BatchLoader(PlaceableLoader[BatchT]):
    """Iterable over batches, for ``Trainer.fit`` and its kin.

    The order of an epoch depends on ``seed`` and the epoch's number alone. Under an initialised
    ``torch.distributed`` group every process draws the same order and takes its share of each global
    batch of ``batch_size × world_size`` samples. Every process gets the same number of batches: shuffled
    shares have equal sizes, for which up to ``world_size - 1`` samples are left out; without shuffling
    every sample is seen exactly once over all processes, and shares differ by at most one sample.

    Args:
        data: Anything with ``__len__`` and ``__getitem__`` of int64 indices or a slice.
        batch_size: Samples in a batch of one process, at least 1.
        seed: Decides the order, at least 0.
        is_shuffled: Draw a new order each epoch; otherwise batches are slices and nothing is copied.
        drop_last: Leave out a last batch that is smaller than the others, unless it is the only one.
    """

    def __init__(
        self,
        *,
        data: BatchT,
        batch_size: int,
        seed: int = 0,
        is_shuffled: bool = False,
        drop_last: bool = False,
    ) -> None:
        if batch_size < 1:
            raise ValueError(f"batch_size is {batch_size}; at least 1 is needed")
        self.data = data
        self.batch_size = batch_size
        self.seed = seed
        self.is_shuffled = is_shuffled
        self.drop_last = drop_last

    @property
    def dataset(self) -> Any:
        """The data, by the name that Lightning looks for to know their number."""
        return self.data

    @override
    def __len__(self) -> int:
        return len(self._global_batches())

    @override
    def _batches(self, epoch: int, start: int) -> Iterator[BatchT]:
        shares = [self._share(batch) for batch in self._global_batches()[start:]]
        if not self.is_shuffled:
            yield from (self._pinned(self.data[share]) for share in shares)
            return
        order = torch.randperm(len(self.data), generator=epoch_generator(self.seed, epoch))
        num_batches = max(1, _ROWS_GATHERED // self.batch_size)
        for first in range(0, len(shares), num_batches):
            block = [order[share] for share in shares[first : first + num_batches]]
            rows = self._pinned(self.data[torch.cat(block)])
            bounds = [0, *accumulate(map(len, block))]
            yield from (rows[start:stop] for start, stop in pairwise(bounds))

    def _global_batches(self) -> list[slice]:
        world_size = rank_and_world_size()[1]
        num_samples, size = len(self.data), self.batch_size * world_size
        if 0 < num_samples < world_size:
            raise UserError(f"{num_samples} samples cannot be shared by {world_size} processes; use fewer")
        if self.is_shuffled:
            num_samples -= num_samples % world_size
        bounds = [*range(0, num_samples, size), num_samples]
        has_rest = len(bounds) > 2 and bounds[-1] - bounds[-2] < size
        if has_rest and self.drop_last:
            bounds.pop()
        elif has_rest and bounds[-1] - bounds[-2] < world_size:  # too few for a batch in each process
            bounds.pop(-2)
        return [slice(start, stop) for start, stop in pairwise(bounds)]

    def _share(self, batch: slice) -> slice:
        own = own_share(batch.stop - batch.start)
        return slice(batch.start + own.start, batch.start + own.stop)
