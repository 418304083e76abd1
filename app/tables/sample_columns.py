"""The feature columns of the rows that take part: held in memory, or read from the table at each use.

Shapes: N rows that take part.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from typing_extensions import override

from nested_lightning.app.tables.column_values import number_values, text_values
from nested_lightning.app.tables.number_block import NO_NUMBERS, NumberBlock

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class SampleColumns(Mapping[str, Any]):
    """Values of [N] by column.

    Attributes:
        held: Columns in memory: `ColumnValues`, or what can be filtered and sliced as Arrow's arrays can.
    """

    held: Mapping[str, Any]

    @property
    def numbers(self) -> NumberBlock:
        """Those columns of numbers that lie side by side."""
        return NO_NUMBERS

    def with_held(self, columns: Mapping[str, Any]) -> Self:
        """Return these and further columns in memory."""
        return replace(self, held={**self.held, **columns})

    @abstractmethod
    def keep(self, rows: Flags) -> Self:
        """Return the columns with the rows that are True in ``rows``, bool of [N]."""

    @abstractmethod
    def slice(self, start: int, stop: int) -> Self:
        """Return the columns with the rows from ``start`` to ``stop``."""

    def _kept(self, rows: Flags) -> dict[str, Any]:
        return {
            name: values[rows] if isinstance(values, np.ndarray) else values.filter(pa.array(rows))
            for name, values in self.held.items()
        }

    def _sliced(self, start: int, stop: int) -> dict[str, Any]:
        return {name: values[start:stop] for name, values in self.held.items()}


@dataclass(frozen=True, eq=False)
class HeldColumns(SampleColumns):
    """Columns in memory."""

    block: NumberBlock

    @property
    @override
    def numbers(self) -> NumberBlock:
        return self.block

    def __getitem__(self, name: str) -> Any:
        """Return a column."""
        return self.block[name] if name in self.block.places else self.held[name]

    def __iter__(self) -> Iterator[str]:
        yield from self.block.places
        yield from self.held

    def __len__(self) -> int:
        return len(self.block.places) + len(self.held)

    @override
    def keep(self, rows: Flags) -> Self:
        return replace(self, held=self._kept(rows), block=self.block.rows(rows))

    @override
    def slice(self, start: int, stop: int) -> Self:
        return replace(self, held=self._sliced(start, stop), block=self.block.rows(slice(start, stop)))


@dataclass(frozen=True, eq=False)
class TableColumns(SampleColumns):
    """Columns of a table that is too large to be held: each becomes values whenever it is asked for.

    Args:
        held: Other columns.
        table: Has all of the columns.
        is_text: Which columns to read, by name, and whether as text or as numbers.
        release: Called after each reading, so that the table's memory can be given back.
        rows: Numbers of the rows that take part, ascending; None: all.
    """

    table: pa.Table
    is_text: Mapping[str, bool]
    release: Callable[[], None] = field(kw_only=True)
    rows: npt.NDArray[np.int64] | None = field(default=None, kw_only=True)

    def __getitem__(self, name: str) -> Any:
        """Return a column, or read it."""
        if name in self.held:
            return self.held[name]
        column = self.table.column(name)
        values = text_values(column) if self.is_text[name] else number_values(column)
        assert values is not None  # it held numbers when it was first read
        if self.rows is not None:
            values = values[self.rows] if isinstance(values, np.ndarray) else values.take(self.rows)
        self.release()
        return values

    def __iter__(self) -> Iterator[str]:
        yield from self.is_text
        yield from self.held

    def __len__(self) -> int:
        return len(self.is_text) + len(self.held)

    @override
    def keep(self, rows: Flags) -> Self:
        kept = np.flatnonzero(rows) if self.rows is None else self.rows[rows]
        return replace(self, held=self._kept(rows), rows=kept)

    @override
    def slice(self, start: int, stop: int) -> Self:
        """Return the columns with the rows from ``start`` to ``stop``, still to be read."""
        if self.rows is None:
            part, rows = self.table.slice(start, stop - start), None
        else:
            rows = self.rows[start:stop]
            first = int(rows[0])
            part, rows = self.table.slice(first, int(rows[-1]) + 1 - first), rows - first
        return replace(self, held=self._sliced(start, stop), table=part, rows=rows)


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
