"""Sets up a user's datamodule, so that its parts have the same rows each time and in each process."""

import random
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np
import torch
from pytorch_lightning import LightningDataModule
from torch.utils.data import Dataset, Subset

from nested_lightning.app.data.fingerprint import fingerprint
from nested_lightning.app.errors import UserError
from nested_lightning.app.own.lightning_packages import refuse_other_base
from nested_lightning.app.processes import once_a_node
from nested_lightning.app.random_numbers import seeded_generators
from nested_lightning.app.seam.logged_values import log_by_path

_SEED = 0
"""Not the training's: evaluating or training anew with another seed leaves each row in its part."""


def make_datamodule(make: Callable[[], LightningDataModule], *, path: str) -> LightningDataModule:
    """Return a datamodule whose hooks draw the same numbers whenever Lightning calls them.

    Raises:
        UserError: It is no LightningDataModule.
    """
    with seeded_generators(_SEED):
        datamodule: Any = make()  # its hooks are replaced
    refuse_other_base(type(datamodule), LightningDataModule, path)
    log_by_path(datamodule)
    for hook in ("prepare_data", "setup"):
        setattr(datamodule, hook, RepeatableHook(datamodule, hook))
    return datamodule


def set_up(datamodule: LightningDataModule, *, known_split: Mapping[str, str]) -> LightningDataModule:
    """Return a datamodule after it was made ready for training.

    Args:
        datamodule: Of `make_datamodule`.
        known_split: What `split_of` returned in the training; empty: nothing is known.

    Raises:
        UserError: Its parts have other rows than in the training.
    """
    once_a_node(datamodule.prepare_data, name=type(datamodule).__qualname__)
    datamodule.setup("fit")
    _refuse_other_rows(datamodule, split_of(datamodule), known_split)
    return datamodule


def as_set_up(datamodule: Any) -> Any:
    """Return a datamodule ready for training, also one that somebody put in the place of ours."""
    is_ours = isinstance(getattr(datamodule, "setup", None), RepeatableHook)
    if is_ours or not isinstance(datamodule, LightningDataModule):
        return datamodule
    return set_up(make_datamodule(lambda: datamodule, path=""), known_split={})


def split_of(datamodule: LightningDataModule | None) -> dict[str, str]:
    """Return the number of rows of each part and a hash of some of them, by attribute."""
    parts: dict[str, Any] = {
        name: one for name, one in datasets_of(datamodule).items() if isinstance(one, Subset)
    }
    rows = {name: np.asarray(one.indices) for name, one in parts.items() if hasattr(one.dataset, "__len__")}
    return {
        name: f"{len(parts[name].dataset)} {fingerprint(indices)}"
        for name, indices in rows.items()
        if indices.dtype.kind in "iu"
    }


class RepeatableHook:
    """A hook of a datamodule that draws the same random numbers in each call, whatever its stage.

    So ``random_split`` without a generator, or with one that the datamodule keeps, gives the same rows for
    training, test and prediction, in each process and on each rank. A stage whose rows are drawn, and would
    be those of another stage, gets numbers of its own. The caller's generators are left as they were.
    """

    def __init__(self, datamodule: LightningDataModule, hook: str) -> None:
        self._datamodule, self._hook = datamodule, hook
        self._restore = [*_states_of_generators(datamodule)]
        self._seeds: dict[Any, int] = {}
        self._rows: dict[Any, dict[str, str]] = {}

    @property
    def __wrapped__(self) -> Callable[..., Any]:
        """The method, by which Lightning finds out whether the datamodule has one of its own."""
        return getattr(type(self._datamodule), self._hook)

    def __call__(self, *args: Any, **kwargs: Any) -> None:
        """Call the method; what prepares data is called once in a process, however often Lightning asks.

        Raises:
            UserError: It parts the rows otherwise than when it was last called for the same stage.
        """
        stage = (*args, *kwargs.values())
        if self._hook == "prepare_data" and stage in self._rows:
            return
        is_first, before = stage not in self._seeds, datasets_of(self._datamodule)
        self._draw(self._seeds.setdefault(stage, _SEED), *args, **kwargs)
        if is_first and _repeats(before, datasets_of(self._datamodule)):
            self._seeds[stage] = _SEED + 1
            self._draw(self._seeds[stage], *args, **kwargs)
        found = {**split_of(self._datamodule), **_some_rows(self._datamodule)}
        _refuse_other_rows(self._datamodule, found, self._rows.setdefault(stage, found))

    def _draw(self, seed: int, *args: Any, **kwargs: Any) -> None:
        for restore in self._restore:
            restore()
        with seeded_generators(seed):
            self.__wrapped__(self._datamodule, *args, **kwargs)


def _states_of_generators(datamodule: LightningDataModule) -> Iterator[Callable[[], Any]]:
    """Yield, for each generator that a datamodule keeps, a function that restores its present state."""
    for one in vars(datamodule).values():
        if isinstance(one, torch.Generator):
            yield partial(one.set_state, one.get_state())
        elif isinstance(one, np.random.Generator):
            yield partial(setattr, one.bit_generator, "state", one.bit_generator.state)
        elif isinstance(one, random.Random):
            yield partial(one.setstate, one.getstate())


def _some_rows(datamodule: LightningDataModule) -> dict[str, str]:
    """Return how many rows each data set has that isn't part of another, and a hash of some of them."""
    whole = {name: one for name, one in datasets_of(datamodule).items() if not isinstance(one, Subset)}
    return {name: f"{len(one)} {rows}" for name, one in whole.items() if (rows := _hashed_rows(one))}


def _refuse_other_rows(
    datamodule: LightningDataModule, found: Mapping[str, str], known: Mapping[str, str]
) -> None:
    """Refuse parts that have as many rows as before, but other ones."""
    for name, rows in found.items():
        before = known.get(name, "")
        if rows != before and rows.partition(" ")[0] == before.partition(" ")[0]:
            raise UserError(
                f"{type(datamodule).__name__}.setup gives '{name}' other rows than it had in the training, so"
                " that rows of one part come into another: seed what draws them, e.g."
                " random_split(…, generator=torch.Generator().manual_seed(0))"
            )


def datasets_of(datamodule: LightningDataModule | None) -> dict[str, Any]:
    """Return the data sets with rows that a datamodule holds, by attribute."""
    return {
        name: one
        for name, one in (vars(datamodule) if datamodule else {}).items()
        if isinstance(one, Dataset) and hasattr(one, "__getitem__") and hasattr(one, "__len__")
    }


def _repeats(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Return whether a new part begins like another one, having been drawn with the same numbers."""
    new = [after[name] for name in after.keys() - before.keys()]
    known = {*map(id, before.values())}
    drawn = [one for one in new if not isinstance(one, Subset) and id(one) not in known]
    first = partial(_hashed_rows, is_first_alone=True)  # there may be fewer of them
    return bool(drawn) and bool({*map(first, drawn)} & {*map(first, before.values())} - {None})


def _hashed_rows(data: Any, *, is_first_alone: bool = False) -> str | None:
    """Return a hash of some rows of a data set, or of the one that it is part of.

    None: there are none, or they are others each time, as with augmentation of its own.
    """
    while isinstance(data, Subset):
        data = data.dataset
    try:
        places = [0] if is_first_alone else [0, len(data) // 2, len(data) - 1]
        found = []
        for _ in range(2):
            with seeded_generators(_SEED):
                found.append(fingerprint([data[place] for place in places]))
    except Exception:  # a user's data set need not have such rows
        return None
    return found[0] if found[0] == found[1] else None
