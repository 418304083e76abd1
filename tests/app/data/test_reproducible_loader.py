"""A torch DataLoader that goes on in mid-epoch, whatever draws its order and its samples."""

import random
from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.utils.data import (
    BatchSampler,
    DataLoader,
    Dataset,
    IterableDataset,
    RandomSampler,
    Sampler,
    WeightedRandomSampler,
)

from nested_lightning.app.data.replayed_loader import ReplayedLoader
from nested_lightning.app.data.reproducible_loader import ReproducibleLoader, is_ordered
from nested_lightning.app.errors import UserError


class Noisy(Dataset[Tensor]):
    """Numbers, each with noise of all three kinds of generator."""

    def __len__(self) -> int:
        return 23

    def __getitem__(self, index: int) -> Tensor:
        return torch.tensor([index, torch.rand(()), random.random(), np.random.rand()])


class Drawn(Sampler[int]):
    """Draws each index when it is asked for."""

    def __iter__(self) -> Iterator[int]:
        return (random.randrange(23) for _ in range(23))

    def __len__(self) -> int:
        return 23


class Stream(IterableDataset[Tensor]):
    """Numbers shuffled within a window."""

    def __iter__(self) -> Iterator[Tensor]:
        window: list[int] = []
        for number in range(23):
            window.append(number)
            if len(window) == 5:
                yield torch.tensor([window.pop(random.randrange(5)), torch.rand(())])
        yield from (torch.tensor([number, 0.0]) for number in window)


def make(kind: str) -> DataLoader[Any]:
    """Return a DataLoader of a kind."""
    data = Noisy()
    ways: dict[str, dict[str, Any]] = {
        "shuffled": {"dataset": data, "batch_size": 4, "shuffle": True},
        "own generator": {
            "dataset": data,
            "batch_size": 4,
            "shuffle": True,
            "generator": torch.Generator().manual_seed(3),
        },
        "weighted": {
            "dataset": data,
            "batch_size": 4,
            "sampler": WeightedRandomSampler([1.0] * 23, 23),
        },
        "drawn late": {"dataset": data, "batch_size": 4, "sampler": Drawn(), "drop_last": True},
        "batch sampler": {"dataset": data, "batch_sampler": BatchSampler(RandomSampler(data), 3, False)},
        "no batches": {"dataset": data, "batch_size": None, "shuffle": True},
        "workers": {"dataset": data, "batch_size": 4, "shuffle": True, "num_workers": 2},
        "persistent": {
            "dataset": data,
            "batch_size": 4,
            "shuffle": True,
            "num_workers": 1,
            "persistent_workers": True,
        },
        "stream": {"dataset": Stream(), "batch_size": 4},
        "stream of a worker": {"dataset": Stream(), "batch_size": 4, "num_workers": 1},
    }
    return DataLoader(**ways[kind])


KINDS = [
    *("shuffled", "own generator", "weighted", "drawn late", "batch sampler", "no batches"),
    *("workers", "persistent", "stream", "stream of a worker"),
]


def taken_over(kind: str) -> ReproducibleLoader | ReplayedLoader:
    """Return what takes the place of a DataLoader of a kind."""
    loader = make(kind)
    return ReproducibleLoader(loader, seed=7) if is_ordered(loader) else ReplayedLoader(loader, seed=7)


def rows(loader: Any) -> list[Any]:
    """Return what an epoch gives, as plain values."""
    return [batch.tolist() for batch in loader]


@pytest.mark.parametrize("kind", KINDS)
def test_a_loader_goes_on_where_another_one_was_left(kind: str) -> None:
    whole = taken_over(kind)
    epochs = [rows(whole) for _ in range(3)]
    ahead = 0 if hasattr(make(kind), "__len__") and "stream" not in kind else 1  # Lightning asks for one more
    left = taken_over(kind)
    rows(left)
    _ = [*islice(left, 2 + ahead)]
    state = left.state_dict()
    random.seed(99)
    torch.manual_seed(99)
    other = taken_over(kind)
    other.load_state_dict(state)
    assert rows(other) == epochs[1][2:]
    assert rows(other) == epochs[2]
    assert epochs[0] != epochs[1]


@pytest.mark.parametrize("kind", KINDS)
def test_a_loader_leaves_the_numbers_that_a_training_draws_as_they_are(kind: str) -> None:
    torch.manual_seed(1)
    random.seed(1)
    np.random.seed(1)
    wanted = (torch.rand(()), random.random(), np.random.rand())
    torch.manual_seed(1)
    random.seed(1)
    np.random.seed(1)
    rows(taken_over(kind))
    assert (torch.rand(()), random.random(), np.random.rand()) == wanted


def test_each_sample_comes_once_an_epoch() -> None:
    numbers = [int(row[0]) for batch in rows(taken_over("shuffled")) for row in batch]
    assert sorted(numbers) == [*range(23)]


def test_the_loader_has_what_the_given_one_has() -> None:
    loader = taken_over("shuffled")
    assert isinstance(loader.dataset, Noisy)
    assert loader.batch_size == 4
    assert len(loader) == 6


def test_evaluation_draws_the_same_each_time() -> None:
    loader = ReproducibleLoader(make("shuffled"), seed=7, is_for_training=False)
    assert rows(loader) == rows(loader)


def test_an_epoch_goes_on_as_it_was_after_others_in_its_middle() -> None:
    whole = rows(taken_over("shuffled"))
    loader = taken_over("shuffled")
    batches = iter(loader)
    first = [*islice(batches, 2)]
    rows(loader)
    assert rows([*first, *batches]) == whole


def test_a_sampler_that_gives_less_than_it_says_is_refused() -> None:
    class Short(Drawn):
        def __iter__(self) -> Iterator[int]:
            return iter(range(4))

    loader = ReproducibleLoader(DataLoader(Noisy(), batch_size=4, sampler=Short()), seed=7)
    with pytest.raises(UserError, match="gives 1 batches, and says that there are 6"):
        next(iter(loader))
