"""What the parts of a loader remember from epoch to epoch, which no checkpoint holds."""

import random
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader, IterableDataset

_GENERATORS = (torch.Generator, np.random.Generator, np.random.RandomState, random.Random)


def noted_memory(loader: Any) -> list[str]:
    """Return a sentence for each thing by which a resumed training would differ from an uninterrupted one.

    Samplers are looked at when they have drawn an order, see `changed_by_drawing`.
    """
    dataset = getattr(loader, "dataset", None)
    notes = [
        f"{type(dataset).__name__}.{name} draws from numbers of its own, which no checkpoint holds: a resumed"
        " training draws them anew; draw from torch's, NumPy's or Python's own instead"
        for name, value in _attributes(dataset).items()
        if isinstance(value, _GENERATORS)
    ]
    is_stream = isinstance(loader, DataLoader) and isinstance(dataset, IterableDataset)
    if is_stream and loader.num_workers and loader.persistent_workers:
        notes.append(
            f"the workers of {type(dataset).__name__} go on from epoch to epoch, and a resumed training"
            " begins with new ones: set persistent_workers=False"
        )
    return notes


def state_of(*samplers: Any) -> dict[str, Any]:
    """Return what samplers may remember: their numbers, texts and generators, by name."""
    return {
        f"{type(one).__name__}.{name}": _plain(value)
        for one in samplers
        for name, value in _attributes(one).items()
        if isinstance(value, bool | int | float | str | None | np.random.Generator | random.Random)
    }


def changed_by_drawing(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each thing that a sampler remembers from epoch to epoch."""
    return [
        f"{name} changes with each epoch, and no checkpoint holds it: a resumed training begins with it as"
        " new; let it follow from the epoch's number, which a sampler gets by set_epoch(epoch)"
        for name, value in after.items()
        if before.get(name, value) != value
    ]


def _attributes(one: Any) -> dict[str, Any]:
    is_of_torch = type(one).__module__.startswith("torch.")
    return {} if is_of_torch else dict(getattr(one, "__dict__", {}))


def _plain(value: Any) -> Any:
    if isinstance(value, np.random.Generator):
        return repr(value.bit_generator.state)
    return value.getstate() if isinstance(value, random.Random) else value
