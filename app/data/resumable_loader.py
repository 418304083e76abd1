"""What all loaders share: an order for each epoch, and the place in it, which a checkpoint holds."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any, Generic, TypeVar

import torch

from nested_lightning.app.random_numbers import hashed

BatchT = TypeVar("BatchT")


class ResumableLoader(ABC, Generic[BatchT]):
    """Iterable over the batches of one epoch after the other, resumable in the middle of one.

    A subclass says how many batches an epoch has, and gives those from any place on; they depend on the
    epoch's number alone, and not on which were asked for before.

    Attributes:
        is_repeated: Whether all epochs have the batches of the first one.
    """

    is_repeated = False
    _epoch = 0
    _position = 0
    _is_restored = False

    @abstractmethod
    def __len__(self) -> int:
        """Return the number of batches of an epoch, the same for every process."""

    @abstractmethod
    def _batches(self, epoch: int, start: int) -> Iterator[BatchT]:
        """Yield the batches of an epoch after its first ``start``."""

    def __iter__(self) -> Iterator[BatchT]:
        """Yield the batches of one epoch, or the rest of one after ``load_state_dict``.

        Where it begins is decided with the first batch, so that a state may be loaded until then.
        """
        if self._position and not self._is_restored:  # the last epoch was left early: don't repeat its order
            self.load_state_dict(next_epoch(self.state_dict()))
        self._is_restored = False
        yield from self._counted(self._epoch, self._position)

    def state_dict(self) -> dict[str, int]:
        """Return the epoch and how many of its batches have been yielded."""
        return {"epoch": self._epoch, "position": self._position}

    def load_state_dict(self, state_dict: dict[str, int]) -> None:
        """Make the next iteration continue where ``state_dict`` was taken."""
        self._epoch, self._position = state_dict["epoch"], state_dict["position"]
        self._is_restored = True

    def _counted(self, epoch: int, start: int) -> Iterator[BatchT]:
        try:
            num_batches = len(self)
        except TypeError:
            num_batches = None  # Lightning then asks for a batch while it trains on the one before
        for position, batch in enumerate(self._batches(0 if self.is_repeated else epoch, start), start):
            # The state counts the batch about to be yielded, and an epoch whose last batch is out is over:
            # a checkpoint taken during that last step must not replay an empty rest.
            given = position if num_batches is None else position + 1
            is_last = given == num_batches
            self._epoch, self._position = (epoch + 1, 0) if is_last else (epoch, given)
            yield batch
            if is_last:
                return
        self._epoch, self._position = epoch + 1, 0


class LoaderInPlace(ResumableLoader[Any]):
    """A loader that replaces another one and has its attributes.

    Args:
        loader: The other one.
        seed: Decides what is drawn, at least 0.
        is_for_training: Whether each epoch draws its own numbers; else all have those of the first.
        is_shared: Whether processes that train together share what it gives; else each is given all of it.
    """

    def __init__(
        self, loader: Any, *, seed: int, is_for_training: bool = True, is_shared: bool = True
    ) -> None:
        self.loader = loader
        self._seed = seed
        self._is_for_training = is_for_training
        self._is_shared = is_shared

    def __getattr__(self, name: str) -> Any:
        """Return what the other loader has under a name, e.g. its ``dataset``."""
        if name == "loader":
            raise AttributeError(name)  # not there yet, as in a copy
        return getattr(self.loader, name)

    def _seed_of(self, epoch: int) -> int:
        return hashed(self._seed, epoch if self._is_for_training else 0)


def next_epoch(state: dict[str, Any]) -> dict[str, Any]:
    """Return the state of a loader whose epoch was left in its middle, at the beginning of the next one."""
    return {"epoch": state["epoch"] + 1, "position": 0} if state.get("position") else state


def epoch_generator(seed: int, epoch: int) -> torch.Generator:
    """Return a generator that draws by a seed and an epoch's number, each at least 0, alone."""
    return torch.Generator().manual_seed(hashed(seed, epoch))
