"""Any iterable of batches, made a loader that goes on in mid-epoch."""

from collections.abc import Iterator
from itertools import count
from typing import Any

from typing_extensions import override

from nested_lightning.app.data.resumable_loader import LoaderInPlace
from nested_lightning.app.errors import UserError
from nested_lightning.app.processes import rank_and_world_size
from nested_lightning.app.random_numbers import drawing_apart, hashed


class ReplayedLoader(LoaderInPlace):
    """Gives the batches of what can only be read from its beginning: a stream, a list, an unknown loader.

    Each batch draws from numbers of its own, by seed, epoch and place. To go on in the middle of an epoch it
    is read from the beginning, and what was given before is left out: an iterable that remembers nothing from
    epoch to epoch gives what it would have given.

    ``loader`` is a DataLoader over a stream, or any other iterable of batches. One that is shared is refused
    where several processes would each be given all of it.
    """

    @override
    def __len__(self) -> int:
        return len(self.loader)

    @override
    def _batches(self, epoch: int, start: int) -> Iterator[Any]:
        self._refuse_processes()
        seed = self._seed_of(epoch)
        with drawing_apart(seed):
            batches = iter(self.loader)
        for place in count():
            with drawing_apart(hashed(seed, place)):
                try:
                    batch = next(batches)
                except StopIteration:
                    return
            if place >= start:
                yield batch

    def _refuse_processes(self) -> None:
        _, world_size = rank_and_world_size()
        if self._is_shared and world_size > 1:
            kind = type(getattr(self.loader, "dataset", self.loader)).__name__
            raise UserError(
                f"{kind} can only be read from its beginning, so each of {world_size} processes would be"
                " given all of it: train with trainer.devices=1; or let it give each process samples of its"
                " own, and set trainer.use_distributed_sampler=false"
            )
