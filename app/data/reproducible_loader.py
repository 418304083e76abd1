"""A torch DataLoader whose batches depend on a seed, the epoch and their place in it alone."""

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch.utils.data import DataLoader, Dataset, IterableDataset
from torch.utils.data.distributed import DistributedSampler
from typing_extensions import override

from nested_lightning.app.data.remembering import changed_by_drawing, state_of
from nested_lightning.app.data.resumable_loader import LoaderInPlace
from nested_lightning.app.errors import UserError
from nested_lightning.app.processes import own_share, rank_and_world_size
from nested_lightning.app.random_numbers import drawing_apart, hashed


class ReproducibleLoader(LoaderInPlace):
    """What a DataLoader gives, in batches that can be asked for from any place of an epoch on.

    Its sampler draws the order of an epoch at once, by seed and epoch; its dataset draws what belongs to a
    batch, e.g. augmentation, by seed, epoch and the batch's number, in a worker or in this process. So
    nothing that was given before has to be given again, and what a training draws doesn't depend on its
    loaders.

    Processes that train together share each batch of them all: each gets the same number of batches, and no
    sample is given twice in an epoch. Where a sampler shares the samples itself, that is left to it.

    ``loader`` has a dataset of known length, see `is_ordered`, and is used for what it was given alone.
    """

    def __init__(
        self, loader: DataLoader[Any], *, seed: int, is_for_training: bool = True, is_shared: bool = True
    ) -> None:
        is_shared = is_shared and not any(isinstance(one, DistributedSampler) for one in _samplers(loader))
        super().__init__(loader, seed=seed, is_for_training=is_for_training, is_shared=is_shared)
        self._generators = {id(one): one for one in _generators(loader)}
        self._seeds = {key: one.initial_seed() for key, one in self._generators.items()}
        self._num_shared: int | None = None
        self._has_drawn = False
        self._pending = _Pending()
        self._rebuilt = _rebuild(loader, self._pending)

    @override
    def __len__(self) -> int:
        if not self._is_shared or rank_and_world_size()[1] == 1:
            return len(_indices(self.loader))
        if self._num_shared is None:
            self._num_shared = len(self._order(self._seed_of(0)))
        return self._num_shared

    @override
    def _batches(self, epoch: int, start: int) -> Iterator[Any]:
        seed, rank = self._seed_of(epoch), rank_and_world_size()[0] if self._is_shared else 0
        order = self._order(seed)
        self._pending[:] = [_Batch((seed, place, rank), order[place]) for place in range(start, len(order))]
        self._rebuilt.generator.manual_seed(seed)
        yield from self._rebuilt

    def _order(self, seed: int) -> list[list[Any]]:
        """Return the indices of this process's batches of an epoch."""
        for key, generator in self._generators.items():
            generator.manual_seed(hashed(self._seeds[key] % 2**32, seed))
        before = state_of(*_samplers(self.loader))
        with drawing_apart(seed):
            batches = [_as_list(batch) for batch in _indices(self.loader)]
        self._note_changes(before)
        if len(batches) < (wanted := len(_indices(self.loader))):
            kind = type(_indices(self.loader)).__name__
            raise UserError(
                f"{kind} gives {len(batches)} batches, and says that there are {wanted}: mend its __len__"
            )
        return _share(batches) if self._is_shared else batches

    def _note_changes(self, before: Mapping[str, Any]) -> None:
        after = state_of(*_samplers(self.loader))
        if self._is_for_training and not self._has_drawn:
            for note in changed_by_drawing(before, after):
                warnings.warn(note, stacklevel=2)
        self._has_drawn = True


def is_ordered(loader: object) -> bool:
    """Return whether this is a DataLoader that can be made a `ReproducibleLoader`.

    One that iterates in a way of its own, over a stream, or in an order without a known end, can't.
    """
    if not isinstance(loader, DataLoader) or type(loader).__iter__ is not DataLoader.__iter__:
        return False
    return not isinstance(loader.dataset, IterableDataset) and hasattr(_indices(loader), "__len__")


class _Batch(NamedTuple):
    numbers: tuple[int, ...]
    indices: list[Any]


class _SeededDataset(Dataset[Any]):
    """A dataset that gives whole batches, each drawn from numbers of its own."""

    def __init__(self, loader: DataLoader[Any]) -> None:
        self.dataset = loader.dataset
        self._collate: Callable[[Any], Any] = loader.collate_fn
        self._is_batched = loader.batch_sampler is not None

    def __getitems__(self, batch: _Batch) -> Any:
        with drawing_apart(hashed(*batch.numbers)):
            if not self._is_batched:
                return self._collate(self.dataset[batch.indices[0]])
            whole = getattr(self.dataset, "__getitems__", None)
            samples = whole(batch.indices) if whole else [self.dataset[index] for index in batch.indices]
            return self._collate(samples)


class _Pending(list[_Batch]):
    """The batches that are to come; whoever goes through some keeps those, where others come after them."""

    @override
    def __iter__(self) -> Iterator[_Batch]:
        return iter(self.copy())


def _rebuild(loader: DataLoader[Any], batches: list[Any]) -> DataLoader[Any]:
    """Return a DataLoader as the given one that takes its batches from a list."""
    return DataLoader(
        _SeededDataset(loader),
        batch_sampler=batches,
        num_workers=loader.num_workers,
        collate_fn=_as_it_is,
        pin_memory=loader.pin_memory,
        timeout=loader.timeout,
        worker_init_fn=loader.worker_init_fn,
        multiprocessing_context=loader.multiprocessing_context,
        generator=torch.Generator(),
        prefetch_factor=loader.prefetch_factor,
        persistent_workers=False,  # persistent ones would outlive the training
        pin_memory_device=loader.pin_memory_device,
    )


def _share(batches: list[list[Any]]) -> list[list[Any]]:
    """Return this process's batches: every n-th of n processes, and a share of those left over."""
    rank, world_size = rank_and_world_size()
    num_whole = len(batches) // world_size * world_size
    if num_whole and 0 < sum(map(len, batches[num_whole:])) < world_size:
        num_whole -= world_size  # too few for a batch in every process
    left = [index for batch in batches[num_whole:] for index in batch]
    if not num_whole and len(left) < world_size:
        raise UserError(f"{len(left)} samples cannot be shared by {world_size} processes; use fewer")
    own = batches[rank:num_whole:world_size]
    return [*own, left[own_share(len(left))]] if left else own


def _as_it_is(batch: Any) -> Any:
    return batch


def _indices(loader: DataLoader[Any]) -> Any:
    """Return what gives the indices of each batch, or of each sample where there are no batches."""
    return loader.sampler if loader.batch_sampler is None else loader.batch_sampler


def _samplers(loader: DataLoader[Any]) -> list[Any]:
    """Return all that take part in drawing the order."""
    indices = _indices(loader)
    return [loader.sampler, indices, *filter(None, [getattr(indices, "sampler", None)])]


def _as_list(batch: Any) -> list[Any]:
    return [*batch] if isinstance(batch, Sequence | torch.Tensor) and not isinstance(batch, str) else [batch]


def _generators(loader: DataLoader[Any]) -> Iterator[torch.Generator]:
    """Yield the generators from which the order is drawn, where it isn't from torch's own."""
    for one in (loader, *_samplers(loader)):
        generator = getattr(one, "generator", None)
        if isinstance(generator, torch.Generator):
            yield generator
