"""A table of which the plain numbers lie side by side in one array, and Arrow holds the rest.

Shapes: N rows.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from nested_lightning.app.tables.given_tables import check_lengths, columns_as_given, to_arrays
from nested_lightning.app.tables.number_block import NumberBlock, is_plain, plain_names


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
