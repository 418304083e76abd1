"""Copying a CSV file of any size to an Arrow file, block by block.

`app.tables.csv_file.read_csv` finds the type of a column from all of its cells at once. Here a column begins
with the type that its first block has; where a later block holds something else, the copy starts again with
the next type, so that the columns end up with the same values.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
from pyarrow import csv as arrow_csv

from nested_lightning.app.tables.csv_file import (
    CsvDialect,
    in_haste_or_carefully,
    naming_undecodable,
    open_bytes,
    read_dialect,
)

_TYPES = (
    pa.float64(),
    pa.int64(),
    pa.bool_(),
    pa.date32(),
    pa.time32("s"),
    pa.timestamp("s"),
    pa.timestamp("ns"),
    pa.string(),
)
"""In the order in which they are tried: Arrow's own, but numbers at once as the floats that they become."""

_BLOCK_SIZE = 1 << 22
_CAREFUL_BLOCK_SIZE = 1 << 26
"""Where rows are longer than a block, or cells have line breaks; no row may be longer than this one."""

_COLUMN_AT_FAULT = re.compile(r"In CSV column #(\d+): .*(?:conversion error|invalid UTF8)", re.DOTALL)


def spool_csv(path: Path, sink: BinaryIO, *, text_columns: Iterable[str] = ()) -> None:
    """Copy a CSV file, also gzipped, over what a seekable sink holds, to an Arrow file, block by block.

    Columns of the names ``text_columns`` are kept as text whatever they hold.

    Raises:
        UserError: The file is empty, malformed or not UTF-8 or UTF-16.
    """
    dialect = read_dialect(path)
    types = dialect.text_types(text_columns)
    with naming_undecodable(path, dialect):
        in_haste_or_carefully(lambda is_careful: _Spooling(path, dialect, is_careful).run(sink, types))


@dataclass(frozen=True)
class _Spooling:
    path: Path
    dialect: CsvDialect
    is_careful: bool

    def run(self, sink: BinaryIO, known_types: dict[str, pa.DataType]) -> None:
        with self._open(known_types) as reader:
            types = {field.name: _first_type(field.type) for field in reader.schema}
        while not self._copy(sink, types):
            pass

    def _copy(self, sink: BinaryIO, types: dict[str, pa.DataType]) -> bool:
        """Copy all blocks; return False after changing the type of a column that doesn't have it."""
        sink.seek(0)
        sink.truncate()
        try:
            with self._open(types) as reader, pa.ipc.new_file(sink, reader.schema) as writer:
                for block in reader:
                    writer.write_batch(block)
        except pa.ArrowInvalid as error:
            fault = _COLUMN_AT_FAULT.search(str(error))
            name = list(types)[int(fault[1])] if fault else None
            if name is None or types[name] == _TYPES[-1]:
                raise
            types[name] = _next_type(types[name])
            return False
        return True

    def _open(self, types: dict[str, pa.DataType]) -> arrow_csv.CSVStreamingReader:
        block_size = _CAREFUL_BLOCK_SIZE if self.is_careful else _BLOCK_SIZE
        options = self.dialect.reading(types, is_careful=self.is_careful, block_size=block_size)
        return arrow_csv.open_csv(open_bytes(self.path), **options)


def _first_type(kind: pa.DataType) -> pa.DataType:
    is_number = pa.types.is_null(kind) or pa.types.is_integer(kind)
    return _TYPES[0] if is_number else pa.string() if pa.types.is_binary(kind) else kind


def _next_type(kind: pa.DataType) -> pa.DataType:
    return _TYPES[_TYPES.index(kind) + 1] if kind in _TYPES[:-1] else _TYPES[-1]
