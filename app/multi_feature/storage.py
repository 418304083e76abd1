"""Where the encoded rows of a table lie while a model is trained on them: in memory, or elsewhere.

Shapes: N rows, G groups, F_g features of group g.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import ClassVar, Protocol

import numpy as np
import pyarrow as pa
import torch

from nested_lightning.app.data.splits import PartName, Split
from nested_lightning.app.multi_feature.batch import FeatureBatch
from nested_lightning.app.multi_feature.encoding import Features, encode_groups, groups_there
from nested_lightning.app.multi_feature.group_specs import Layout
from nested_lightning.app.multi_feature.own_group_specs import AnyGroupSpec
from nested_lightning.app.tables.column_reading import read_columns
from nested_lightning.app.tables.sample_columns import Flags, SampleColumns
from nested_lightning.app.tables.table_file import TableReader

Layouts = Mapping[str, Layout | None]
"""What a row of each group is, by name; None: no row has the group."""


class PartWriter(Protocol):
    """Takes encoded rows, some at a time; what isn't written is 0."""

    def write(self, start: int, features: Mapping[str, Features | None]) -> None:
        """Put [n, …] for each group, unless it is None, into the rows from ``start`` on."""

    def finish(self, rest: FeatureBatch) -> FeatureBatch:
        """Return all rows, with what else is known of them; nothing can be written any more."""


class MemoryStorage(TableReader):
    """Holds the table and what it is encoded to in memory; any other gives the same values, bit for bit."""

    is_in_memory: ClassVar[bool] = True

    def read_columns(
        self, table: pa.Table, names: Iterable[str], *, categorical: Collection[str], infer_categories: bool
    ) -> SampleColumns:
        """Return columns of a table that it has read, see `app.tables.column_reading.each_column`."""
        return read_columns(table, names, categorical=categorical, infer_categories=infer_categories)

    def new_part(self, layouts: Layouts, num_rows: int) -> PartWriter:
        """Return what takes ``num_rows`` encoded rows."""
        return TensorWriter(layouts, num_rows)

    def release(self) -> None:
        """Give back memory whose content can be read again: here none."""

    def close(self) -> None:
        """Close the files that were made; rows in them can't be used any more, but new ones can be made."""


class TensorWriter:
    """A `PartWriter` of that many rows of each group in memory.

    NumPy does the writing: torch would wake its threads for each of many small copies, which takes longer
    than the copies where the cores have something else to do.
    """

    def __init__(self, layouts: Layouts, num_rows: int) -> None:
        self._features = {
            name: None if one is None else torch.empty(num_rows, *one.shape, dtype=getattr(torch, one.dtype))
            for name, one in layouts.items()
        }
        self._rows = {name: tensor.numpy() for name, tensor in self._features.items() if tensor is not None}
        for rows in self._rows.values():
            rows.fill(0)

    def write(self, start: int, features: Mapping[str, Features | None]) -> None:
        """Put the rows in their place."""
        for name, values in features.items():
            if values is not None:
                self._rows[name][start : start + len(values)] = values

    def finish(self, rest: FeatureBatch) -> FeatureBatch:
        """Return all rows."""
        return replace(rest, features=self._features)


_BLOCK_ROWS = 1 << 16
_BLOCK_BYTES = 1 << 26
"""Rows that are encoded at once, and the bytes that they take at most."""


def encode_parts(
    columns: SampleColumns,
    groups: Sequence[AnyGroupSpec],
    presence: Flags,
    rest: FeatureBatch,
    split: Split,
    storage: MemoryStorage,
) -> dict[PartName, FeatureBatch]:
    """Encode the rows of the training, the validation and the test part, some rows at a time.

    The columns are of [N], and ``presence`` is bool of [N, G]; the ``rest`` has everything but features.
    """
    layouts = {
        group.name: group.layout if is_there else None
        for group, is_there in groups_there(columns, groups, presence)
    }
    writers = {name: storage.new_part(layouts, len(rows)) for name, rows in split.parts.items()}
    row_bytes = sum(one.num_bytes for one in layouts.values() if one)
    block_rows = min(_BLOCK_ROWS, 1 + _BLOCK_BYTES // max(row_bytes, 1))
    for start in range(0, len(presence), block_rows):
        stop = min(start + block_rows, len(presence))
        block = encode_groups(columns.slice(start, stop), groups, presence[start:stop])
        for name, rows in split.parts.items():
            first, last = np.searchsorted(rows, [start, stop])
            kept = rows[first:last] - start
            values = {group: None if each is None else each[kept] for group, each in block.items()}
            writers[name].write(int(first), values)
        storage.release()
    return {name: writers[name].finish(rest[torch.from_numpy(rows)]) for name, rows in split.parts.items()}
