"""From the results of a user's ``predict_step`` for each batch to one for each row, in order."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from torch import Tensor

from nested_lightning.app.errors import UserError

Row = dict[str, Any]
"""What is predicted for one row by name: numbers, texts, arrays, or plain lists and mappings."""

_PREDICTION = "prediction"
"""The name of what a ``predict_step`` gives without one."""


def rows_of_loader(outputs: Sequence[Any], indices: Sequence[Sequence[int]], *, owner: str) -> list[Row]:
    """Return a result for each row of a loader's data set, in the data set's order.

    Args:
        outputs: What the step gave for each batch.
        indices: Which rows each batch had; nothing: not known, as of a stream, whose order then counts.
        owner: Name of the module, for messages.

    Raises:
        UserError: There isn't one result for each row, or the loader doesn't give each row once.
    """
    batches = [rows_of(one, owner=owner) for one in outputs]
    for batch, its_indices in zip(batches, indices, strict=bool(indices)):
        if len(batch) != len(its_indices):
            raise UserError(
                f"{owner}.predict_step gives {len(batch)} results for a batch of {len(its_indices)} rows:"
                " let it give one for each row"
            )
    rows = [row for batch in batches for row in batch]
    places = [place for batch in indices for place in batch]
    if not places:
        return rows
    if sorted(places) != list(range(len(places))):
        raise UserError(
            "predict_dataloader doesn't give each row of its data set once: leave its sampler out, and give"
            " it a Subset where only some rows are meant"
        )
    return [row for _, row in sorted(zip(places, rows, strict=True), key=lambda pair: pair[0])]


def rows_of(output: Any, *, owner: str) -> list[Row]:
    """Return the result for each row of a batch.

    A tensor or a list has an entry for each row. Mappings and tuples have several of them, which are named
    by keys and numbers.

    Raises:
        UserError: It has another form.
    """
    columns = dict(_columns(output, "", owner))
    if len({len(one) for one in columns.values()}) != 1:
        sizes = ", ".join(f"{len(one)} of {name}" for name, one in columns.items())
        raise _unfit(f"unequally many results ({sizes})" if sizes else "an empty mapping", owner)
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _columns(value: Any, name: str, owner: str) -> Iterator[tuple[str, Sequence[Any]]]:
    if isinstance(value, Mapping):
        for key, one in value.items():
            yield from _columns(one, f"{name}.{key}" if name else str(key), owner)
    elif isinstance(value, tuple):
        for key, one in zip(getattr(value, "_fields", range(len(value))), value, strict=True):
            yield from _columns(one, f"{name or _PREDICTION}.{key}", owner)
    elif isinstance(value, list):
        yield name or _PREDICTION, [_plain(one, owner) for one in value]
    elif isinstance(value, Tensor | np.ndarray) and value.ndim:
        yield name or _PREDICTION, list(_array(value))
    elif isinstance(value, Tensor | np.ndarray):
        raise _unfit(f"a single number as {name or _PREDICTION}", owner)
    else:
        raise _unfit(type(value).__name__, owner)


def _array(value: Any) -> Any:
    """Return an array of values for which numpy may have no type, such as ``bfloat16``."""
    if isinstance(value, np.ndarray):
        return value
    value = value.detach().cpu()
    return (value if value.dtype.itemsize > 2 or not value.is_floating_point() else value.float()).numpy()


def _plain(value: Any, owner: str) -> Any:
    if isinstance(value, Tensor | np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, Mapping):
        return {str(key): _plain(one, owner) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one, owner) for one in value]
    if value is None or isinstance(value, str | bool | int | float):
        return value
    raise _unfit(type(value).__name__, owner)


def _unfit(what: str, owner: str) -> UserError:
    return UserError(
        f"{owner}.predict_step gives {what}: let it give a tensor or a list, or a mapping or"
        " tuple of them, with an entry for each row"
    )
