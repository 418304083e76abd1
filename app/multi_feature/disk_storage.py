"""Rows of a table in files, for tables that are larger than memory.

Shapes: N rows, F_g features of group g.
"""

import errno
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from dataclasses import replace
from itertools import accumulate
from pathlib import Path
from typing import Any, ClassVar
from weakref import WeakValueDictionary

import numpy as np
import pyarrow as pa
import torch
from pyarrow import parquet
from torch import Tensor
from typing_extensions import override

from nested_lightning.app.data.tensor_batch import values_by_field
from nested_lightning.app.errors import UserError
from nested_lightning.app.multi_feature.batch import FeatureBatch
from nested_lightning.app.multi_feature.encoding import Features
from nested_lightning.app.multi_feature.storage import Layouts, MemoryStorage, PartWriter
from nested_lightning.app.tables.column_reading import each_column
from nested_lightning.app.tables.csv_spooling import spool_csv
from nested_lightning.app.tables.mapped_files import MappedFiles
from nested_lightning.app.tables.sample_columns import SampleColumns, UnreadColumns

_DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_SETTING = "multi_feature.data.storage.folder"


class DiskStorage(MemoryStorage):
    """Copies a table to an Arrow file, and what it is encoded to to files of numbers; both are mapped.

    The table's copy takes about as much room as the CSV file, until the rows are encoded; these take 4 bytes
    for each feature and row, until the data are no longer used. In memory are some 50 bytes for each row (its
    class, its part, its place in an epoch's order), and one column at a time while the data are prepared.

    Args:
        folder: Where the files lie, without names; None: the system's folder for temporary files.
    """

    is_in_memory: ClassVar[bool] = False

    def __init__(self, *, folder: Path | None = None) -> None:
        self._files = MappedFiles(folder)
        self._written: WeakValueDictionary[int, MappedFeatureBatch] = WeakValueDictionary()

    @override
    def read_csv(self, path: Path, text_columns: Iterable[str]) -> pa.Table:
        with room_on_disk(self._files.folder):
            file = self._files.create()
            spool_csv(path, file, text_columns=text_columns)
            return _open_arrow(self._files.map(file))

    @override
    def read_parquet(self, file: parquet.ParquetFile) -> pa.Table:
        with room_on_disk(self._files.folder):
            sink = self._files.create()
            with pa.ipc.new_file(sink, file.schema_arrow) as writer:
                for block in file.iter_batches():
                    writer.write_batch(block)
            return _open_arrow(self._files.map(sink))

    @override
    def read_columns(
        self, table: pa.Table, names: Iterable[str], *, categorical: Collection[str], infer_categories: bool
    ) -> SampleColumns:
        """Return the columns, each of which is read when it is asked for."""
        is_text = {}
        found = each_column(table, names, categorical=categorical, infer_categories=infer_categories)
        for name, values in found:
            is_text[name] = not isinstance(values, np.ndarray)
            self.release()
        unread = UnreadColumns(table=table, is_text=is_text, release=self.release)
        return SampleColumns({}, unread=unread)

    @override
    def new_part(self, layouts: Layouts, num_rows: int) -> PartWriter:
        if num_rows == 0 or not any(layouts.values()):  # an empty file can't be mapped
            return super().new_part(layouts, num_rows)
        return MappedWriter(self._files, layouts, num_rows, written=self._written)

    @override
    def release(self) -> None:
        self._files.release()

    @override
    def close(self) -> None:
        for rows in list(self._written.values()):
            rows.close()
        self._written.clear()
        self._files.close()


class MappedWriter:
    """A `PartWriter` to a file: the rows of the first group, then those of the second, and so on.

    There is at least one row; ``written`` has all of them in the end, by their id.
    """

    def __init__(
        self,
        files: MappedFiles,
        layouts: Layouts,
        num_rows: int,
        *,
        written: MutableMapping[int, "MappedFeatureBatch"],
    ) -> None:
        self._files = files
        self._layouts = layouts
        self._num_rows = num_rows
        self._written = written
        sizes = [num_rows * (one.num_bytes if one else 0) for one in layouts.values()]
        *starts, end = accumulate(map(_aligned, sizes), initial=0)
        self._starts = dict(zip(layouts, starts, strict=True))
        with room_on_disk(files.folder):
            self._file = files.create()
            self._file.truncate(end)

    def write(self, start: int, features: Mapping[str, Features | None]) -> None:
        """Put the rows in their place."""
        with room_on_disk(self._files.folder):
            for name, values in features.items():
                layout = self._layouts[name]
                if values is not None and layout is not None:
                    self._file.seek(self._starts[name] + start * layout.num_bytes)
                    self._file.write(np.ascontiguousarray(values).data)

    def finish(self, rest: FeatureBatch) -> FeatureBatch:
        """Return all rows."""
        with room_on_disk(self._files.folder):
            mapped = torch.from_numpy(np.frombuffer(self._files.map(self._file), dtype=np.uint8))
        features: dict[str, Tensor | None] = {}
        for name, layout in self._layouts.items():
            rows = None
            if layout is not None:
                part = mapped[self._starts[name] :][: self._num_rows * layout.num_bytes]
                rows = part.view(getattr(torch, layout.dtype)).view(self._num_rows, *layout.shape)
            features[name] = rows
        batch = MappedFeatureBatch(replace(rest, features=features), release=self._files.release)
        self._written[id(batch)] = batch
        return batch


class MappedFeatureBatch(FeatureBatch):
    """Rows in a file: reading some has ``release`` give the memory back that those before took."""

    def __init__(self, rows: FeatureBatch, *, release: Callable[[], None]) -> None:
        super().__init__(**values_by_field(rows))
        self._release = release

    def __getitem__(self, index: Tensor | slice) -> FeatureBatch:  # type: ignore[override] # not in a file
        """Return the samples at ``index``, see `FeatureBatch`."""
        self._release()
        return super().__getitem__(index)

    def close(self) -> None:
        """Give up the rows; whoever asks for some gets an error that says so."""
        del self.features

    def __getattr__(self, name: str) -> Any:
        """Raise an error that says that the rows are closed."""
        if name == "features":
            raise RuntimeError(
                "these rows were closed, by shutdown_resources() of their container or close() of their"
                " datamodule; the datamodule reads the table again for whoever asks it for rows"
            )
        raise AttributeError(name)


@contextmanager
def room_on_disk(folder: Path) -> Iterator[None]:
    """Raise a `UserError` that says what to do where the disk of ``folder`` is full."""
    try:
        yield
    except OSError as error:
        if error.errno not in _DISK_FULL:
            raise
        raise UserError(
            f"the disk of {folder}, where the rows are kept, is full; name another folder by {_SETTING}"
        ) from error


def _aligned(num_bytes: int) -> int:
    """Return the bytes after which numbers of any type may begin."""
    return -(-num_bytes // 8) * 8


def _open_arrow(mapped: object) -> pa.Table:
    return pa.ipc.open_file(pa.BufferReader(pa.py_buffer(mapped))).read_all()
