"""States of optimisers and schedules in a checkpoint: of the same kinds of values as those that take them."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor
from torch.optim import LBFGS, Optimizer

from nested_lightning.app.errors import UserError


def refuse_other_kinds(saved: Any, own: Any, place: str) -> None:
    """Check a saved state against a fresh one; torch takes whatever there is, and fails some steps later.

    What one of them lacks is left to whoever takes the state, and so is what a fresh one has as None.

    Raises:
        UserError: A mapping, list, number or text stands where something else should.
    """
    if isinstance(own, Mapping) and _is(Mapping, saved, place):
        for name in own.keys() & saved.keys():
            refuse_other_kinds(saved[name], own[name], f"{place}.{name}")
    elif isinstance(own, list | tuple) and _is(list | tuple, saved, place):
        for number, (one, other) in enumerate(zip(saved, own, strict=False)):
            refuse_other_kinds(one, other, f"{place}.{number}")
    elif isinstance(own, str):
        _is(str, saved, place)
    elif isinstance(own, int | float) and not isinstance(own, bool) and not _is_single(saved):
        _is(int | float, saved, place)


def refuse_other_memory(memory: Any, optimizer: Optimizer, place: str) -> None:
    """Check what an optimiser remembers of each parameter: tensors, numbers or nothing, by name.

    L-BFGS keeps lists as well, and one that isn't torch's may.

    Raises:
        UserError: Something else stands there.
    """
    may_list = isinstance(optimizer, LBFGS) or not type(optimizer).__module__.startswith("torch.")
    kinds = Tensor | int | float | None | (list if may_list else None)
    for number, kept in memory.items() if _is(Mapping, memory, place) else ():
        for name, value in kept.items() if _is(Mapping, kept, f"{place}.{number}") else ():
            _is(kinds, value, f"{place}.{number}.{name}")


def _is(kind: Any, value: Any, place: str) -> bool:
    if not isinstance(value, kind):
        raise UserError(f"{place} is of another kind ({type(value).__name__}) than in a training")
    return True


def _is_single(value: Any) -> bool:
    return isinstance(value, Tensor) and value.numel() == 1
