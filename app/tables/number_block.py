"""Tables whose plain numbers lie side by side in one array, since Arrow takes microseconds for each column.

Shapes: N rows, F columns.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from nested_lightning.app.tables.column_values import Numbers
from nested_lightning.app.tables.given_tables import check_lengths, columns_as_given, to_arrays

_EXACT = 2**53
"""The largest whole number up to which float64 has every one; Arrow refuses larger ones beside fractions."""

_CELLS = frozenset({float, int, type(None)})
_KINDS = frozenset(
    {pa.float64(), pa.float32(), pa.int64(), pa.int32(), pa.int16(), pa.int8()}
    | {pa.uint32(), pa.uint16(), pa.uint8()}
)


@dataclass(frozen=True, eq=False)
class NumberBlock:
    """Columns of numbers side by side, float64 of [N, F], NaN where missing, and the place of each by name.

    A column's rows follow each other in memory.
    """

    values: Numbers
    places: Mapping[str, int]

    @classmethod
    def of_columns(cls, columns: Mapping[str, Sequence[float | None] | npt.NDArray[Any]]) -> NumberBlock:
        """Return one or more columns of equal lengths, each of which `is_plain`."""
        return cls(np.array([*columns.values()], dtype=np.float64).T, _places(columns))

    @classmethod
    def of_table(cls, table: pa.Table) -> NumberBlock:
        """Return the columns of a table whose types are among `plain_names`."""
        block = np.empty((table.num_rows, table.num_columns), dtype=np.float64, order="F")
        names: list[str] = []
        by_kind: dict[pa.DataType, list[str]] = {}
        for field in table.schema:
            by_kind.setdefault(field.type, []).append(field.name)
        for members in by_kind.values():  # of several types, Arrow may take one that is too narrow
            start = 0
            for batch in table.select(members).to_batches():
                part = block[start : start + len(batch), len(names) : len(names) + len(members)]
                part[:] = batch.to_tensor(null_to_nan=True, row_major=False).to_numpy()
                start += len(batch)
            names += members
        return cls(block, _places(names))

    def __getitem__(self, name: str) -> Numbers:
        """Return a column of [N]."""
        return self.values[:, self.places[name]]

    def take(self, names: Sequence[str]) -> Numbers:
        """Return some columns in this order; where they lie so already, it is no copy."""
        return self.values[:, slice_or_list([self.places[name] for name in names])]

    def rows(self, rows: npt.NDArray[np.bool_] | slice) -> NumberBlock:
        """Return some rows: those of a slice, or that are True."""
        if not self.places:
            return self
        return NumberBlock(np.asfortranarray(self.values[rows]), self.places)


NO_NUMBERS = NumberBlock(np.empty((0, 0)), {})


@dataclass(frozen=True, eq=False)
class SplitTable:
    """A table in two parts, columns of plain numbers and others, of which at most one has no columns."""

    numbers: NumberBlock
    others: pa.Table

    @classmethod
    def of_table(cls, table: pa.Table, *, apart: Collection[str]) -> SplitTable:
        """Split a table; columns of these names stay Arrow's whatever they hold."""
        plain = [name for name in plain_names(table) if name not in apart]
        return cls(NumberBlock.of_table(table.select(plain)), table.drop_columns(plain))

    @classmethod
    def of_given(
        cls,
        given: Any,
        columns: Sequence[str],
        *,
        apart: Collection[str],
        text_columns: Collection[str],
        ignored: Collection[str],
    ) -> SplitTable:
        """Split what a program holds, see `to_table`; columns ``apart`` become Arrow's whatever they hold."""
        taken = columns_as_given(given, columns, text_columns=text_columns, ignored=ignored)
        plain = {name: one for name, one in taken.items() if name not in apart and is_plain(one)}
        rest = {name: one for name, one in taken.items() if name not in plain}
        arrays = to_arrays(rest, text_columns=text_columns)
        check_lengths({**plain, **arrays})
        if not plain:
            return cls.of_table(pa.table(arrays), apart=apart)
        return cls(NumberBlock.of_columns(plain), pa.table(arrays))

    @property
    def num_rows(self) -> int:
        """N."""
        return len(self.numbers.values) if self.numbers.places else self.others.num_rows

    @property
    def column_names(self) -> list[str]:
        """The names of all columns, not in the order of the table."""
        return [*self.numbers.places, *self.others.column_names]


def is_plain(values: Any) -> bool:
    """Return whether Python's or NumPy's values are what Arrow reads as the same float64, or as missing."""
    if type(values) is np.ndarray:
        return values.ndim == 1 and values.dtype in (np.float64, np.float32, np.int64, np.int32)
    kinds = {*map(type, values)} if isinstance(values, list | tuple) else {object}
    if int not in kinds or not kinds <= _CELLS:
        return kinds <= _CELLS
    whole = values if len(kinds) == 1 else [value for value in values if type(value) is int]
    return min(whole) >= -_EXACT and max(whole) <= _EXACT


def plain_names(table: pa.Table) -> list[str]:
    """Return the columns of a table of a type of which a block can be made."""
    return [field.name for field in table.schema if field.type in _KINDS]


def slice_or_list(numbers: list[int]) -> slice | list[int]:
    """Return one or more numbers as a slice, with which NumPy copies nothing, if they follow each other."""
    first, stop = numbers[0], numbers[0] + len(numbers)
    return slice(first, stop) if numbers == [*range(first, stop)] else numbers


def _places(names: Iterable[str]) -> dict[str, int]:
    return {name: place for place, name in enumerate(names)}
