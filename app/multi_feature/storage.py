"""Where the rows of a table lie while a model is trained on them: in memory, or elsewhere.

Shapes: N rows, F_g features of group g.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Protocol

import pyarrow as pa
import torch
from torch import Tensor

from nested_lightning.app.multi_feature.batch import FeatureBatch
from nested_lightning.app.multi_feature.encoding import Features
from nested_lightning.app.tables.column_reading import read_columns
from nested_lightning.app.tables.sample_columns import SampleColumns
from nested_lightning.app.tables.table_file import TableReader, WholeTableReader

Widths = Mapping[str, int | None]
"""Number of features of each group, by name; None: no row has the group."""


class FeatureStorage(Protocol):
    """`MemoryStorage` or `disk_storage.DiskStorage`; both give the same values, bit for bit."""

    @property
    def reader(self) -> TableReader:
        """What reads the file."""

    def read_columns(
        self, table: pa.Table, names: Iterable[str], *, categorical: Collection[str], infer_categories: bool
    ) -> SampleColumns:
        """Return columns of a table that ``reader`` has read, see `app.tables.column_reading.each_column`."""

    def new_part(self, widths: Widths, num_rows: int) -> PartWriter:
        """Return what takes ``num_rows`` encoded rows."""

    def release(self) -> None:
        """Give back memory whose content can be read again."""

    def close(self) -> None:
        """Close the files that were made; rows in them can't be used any more, but new ones can be made."""


class PartWriter(Protocol):
    """Takes encoded rows, some at a time; what isn't written is 0."""

    def write(self, start: int, features: Mapping[str, Features | None]) -> None:
        """Put float32 of [n, F_g] for each group, unless it is None, into the rows from ``start`` on."""

    def finish(self, *, presence: Tensor | None, target: Tensor) -> FeatureBatch:
        """Return all rows, with their ``presence`` and ``target``; nothing can be written any more."""


class MemoryStorage:
    """Holds the table and what it is encoded to in memory."""

    reader = WholeTableReader()

    def read_columns(
        self, table: pa.Table, names: Iterable[str], *, categorical: Collection[str], infer_categories: bool
    ) -> SampleColumns:
        """Return the columns' values."""
        return read_columns(table, names, categorical=categorical, infer_categories=infer_categories)

    def new_part(self, widths: Widths, num_rows: int) -> TensorWriter:
        """Return what takes ``num_rows`` encoded rows."""
        return TensorWriter(widths, num_rows)

    def release(self) -> None:
        """Do nothing: all of it is needed."""

    def close(self) -> None:
        """Do nothing: there are no files."""


class TensorWriter:
    """A `PartWriter` of tensors in memory.

    NumPy does the writing: torch would wake its threads for each of many small copies, which takes longer
    than the copies where the cores have something else to do.

    Args:
        widths: Of each group.
        num_rows: N.
    """

    def __init__(self, widths: Widths, num_rows: int) -> None:
        self._features = {
            name: None if width is None else torch.empty(num_rows, width) for name, width in widths.items()
        }
        self._rows = {name: tensor.numpy() for name, tensor in self._features.items() if tensor is not None}
        for rows in self._rows.values():
            rows.fill(0.0)

    def write(self, start: int, features: Mapping[str, Features | None]) -> None:
        """Put the rows in their place."""
        for name, values in features.items():
            if values is not None:
                self._rows[name][start : start + len(values)] = values

    def finish(self, *, presence: Tensor | None, target: Tensor) -> FeatureBatch:
        """Return all rows."""
        return FeatureBatch(features=self._features, presence=presence, target=target)
