"""Whatever would make a resumed training differ is said in a sentence before its first step."""

import random
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, IterableDataset, Sampler, TensorDataset

from nested_lightning.app.data.remembering import noted_memory
from nested_lightning.app.data.reproducible_loader import ReproducibleLoader


class OwnNumbers(Dataset[Tensor]):
    def __init__(self) -> None:
        self.rng = np.random.default_rng(0)

    def __len__(self) -> int:
        return 4

    def __getitem__(self, index: int) -> Tensor:
        return torch.tensor(self.rng.random())


class Endless(IterableDataset[Tensor]):
    def __iter__(self) -> Iterator[Tensor]:
        return iter(torch.rand(4))


class Counting(Sampler[int]):
    def __init__(self) -> None:
        self.round = 0

    def __iter__(self) -> Iterator[int]:
        self.round += 1
        return iter(range(self.round, self.round + 3))

    def __len__(self) -> int:
        return 3


class Shuffling(Counting):
    def __init__(self) -> None:
        self.rng = random.Random(0)

    def __iter__(self) -> Iterator[int]:
        return iter(self.rng.sample(range(8), 3))


class Drawing(Counting):
    def __iter__(self) -> Iterator[int]:
        return iter(torch.randperm(8)[:3].tolist())


ROWS = TensorDataset(torch.arange(8))


def test_a_dataset_with_numbers_of_its_own_is_named() -> None:
    (note,) = noted_memory(DataLoader(OwnNumbers()))
    assert note.startswith("OwnNumbers.rng draws from numbers of its own")


def test_workers_of_a_stream_that_stay_are_named() -> None:
    (note,) = noted_memory(DataLoader(Endless(), num_workers=1, persistent_workers=True))
    assert "set persistent_workers=False" in note


def test_ordinary_loaders_are_passed_over() -> None:
    assert noted_memory(DataLoader(ROWS, shuffle=True, num_workers=2, persistent_workers=True)) == []
    assert noted_memory(DataLoader(Endless())) == []


@pytest.mark.parametrize(("sampler", "name"), [(Counting, "round"), (Shuffling, "rng")])
def test_a_sampler_that_remembers_is_named_once(sampler: Any, name: str) -> None:
    loader = ReproducibleLoader(DataLoader(ROWS, sampler=sampler()), seed=0)
    with pytest.warns(UserWarning, match=rf"{sampler.__name__}\.{name} changes with each epoch") as noted:
        _ = [next(iter(loader)), next(iter(loader))]
    assert len(noted) == 1


def test_a_sampler_that_draws_from_torch_is_passed_over() -> None:
    loader = ReproducibleLoader(DataLoader(ROWS, sampler=Drawing()), seed=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        next(iter(loader))
