"""The feature columns of the rows that take part: held in memory, or read from the table at each use.

Shapes: N rows that take part.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from nested_lightning.app.tables.column_values import ColumnValues, number_values, text_values
from nested_lightning.app.tables.number_block import NO_NUMBERS, NumberBlock

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False, kw_only=True)
class UnreadColumns:
    """Columns of a table that is too large to be held: each becomes values whenever it is read.

    Args:
        table: Has all of the columns.
        is_text: Which columns to read, by name, and whether as text or as numbers.
        release: Called after each reading, so that the table's memory can be given back.
        rows: Numbers of the rows that take part, ascending; None: all.
    """

    table: pa.Table
    is_text: Mapping[str, bool]
    release: Callable[[], None]
    rows: npt.NDArray[np.int64] | None = None

    def read(self, name: str) -> ColumnValues:
        """Return a column's values."""
        column = self.table.column(name)
        values = text_values(column) if self.is_text[name] else number_values(column)
        assert values is not None  # it held numbers when it was first read
        if self.rows is not None:
            values = values[self.rows] if isinstance(values, np.ndarray) else values.take(self.rows)
        self.release()
        return values

    def keep(self, rows: Flags) -> Self:
        """Return the columns with the rows that are True in ``rows``, bool of [N]."""
        return replace(self, rows=np.flatnonzero(rows) if self.rows is None else self.rows[rows])

    def slice(self, start: int, stop: int) -> Self:
        """Return the columns with the rows from ``start`` to ``stop``."""
        if self.rows is None:
            return replace(self, table=self.table.slice(start, stop - start))
        rows = self.rows[start:stop]
        first = int(rows[0])
        part = self.table.slice(first, int(rows[-1]) + 1 - first)
        return replace(self, table=part, rows=rows - first)


@dataclass(frozen=True, eq=False)
class SampleColumns(Mapping[str, Any]):
    """Values of [N] by column.

    Attributes:
        held: Columns in memory: `ColumnValues`, or what can be filtered and sliced as Arrow's arrays can.
        numbers: Those columns of numbers in memory that lie side by side.
        unread: Columns that aren't in memory.
    """

    held: Mapping[str, Any]
    numbers: NumberBlock = NO_NUMBERS
    unread: UnreadColumns | None = None

    def __getitem__(self, name: str) -> Any:
        """Return a column, or read it."""
        if name in self.numbers.places:
            return self.numbers[name]
        if self.unread is not None and name in self.unread.is_text:
            return self.unread.read(name)
        return self.held[name]

    def __contains__(self, name: object) -> bool:
        """Return whether there is such a column, of which nothing is read."""
        return any(name in columns for columns in self._parts)

    def __iter__(self) -> Iterator[str]:
        return chain.from_iterable(self._parts)

    def __len__(self) -> int:
        return sum(map(len, self._parts))

    @property
    def _parts(self) -> Sequence[Mapping[str, Any]]:
        return self.numbers.places, self.unread.is_text if self.unread else {}, self.held

    def with_held(self, columns: Mapping[str, Any]) -> Self:
        """Return these and further columns in memory."""
        return replace(self, held={**self.held, **columns})

    def keep(self, rows: Flags) -> Self:
        """Return the columns with the rows that are True in ``rows``, bool of [N]."""
        held = {
            name: values[rows] if isinstance(values, np.ndarray) else values.filter(pa.array(rows))
            for name, values in self.held.items()
        }
        return replace(
            self, held=held, numbers=self.numbers.rows(rows), unread=self.unread and self.unread.keep(rows)
        )

    def slice(self, start: int, stop: int) -> Self:
        """Return the columns with the rows from ``start`` to ``stop``."""
        return replace(
            self,
            held={name: values[start:stop] for name, values in self.held.items()},
            numbers=self.numbers.rows(slice(start, stop)),
            unread=self.unread and self.unread.slice(start, stop),
        )


def side_by_side(columns: Mapping[str, Any], names: Sequence[str]) -> Iterator[tuple[Sequence[str], Any]]:
    """Yield those of the named columns that are there: what lies side by side at once, others one by one.

    Numbers that lie side by side are of [N, F], whatever else comes is of [N].
    """
    numbers = columns.numbers if isinstance(columns, SampleColumns) else NO_NUMBERS
    together = [name for name in names if name in numbers.places]
    if together:
        yield together, numbers.take(together)
    if len(together) < len(names):
        yield from (
            ([name], columns[name]) for name in names if name not in numbers.places and name in columns
        )
