"""The lines of a JSONL file, or the rows of a Parquet file, with their place for messages."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from nested_lightning.app.errors import UserError
from nested_lightning.app.foreign_files import foreign_file, regular_file
from nested_lightning.app.tables.json_lines import json_object, numbered_lines, open_text, plain_name

SUFFIXES = (".jsonl", ".ndjson", ".parquet")


def holds_rows(path: PurePath) -> bool:
    """Return whether a file is one of these by its name, gzipped or not."""
    return plain_name(path).suffix.lower() in SUFFIXES


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of a file of sequences.

    Attributes:
        values: The fields by name.
        file: Where it stands.
        number: Number of the line or row, from 1.
        unit: ``line`` or ``row``.
        variant: Name of the variant.
    """

    values: Mapping[str, Any]
    file: Path
    number: int
    unit: str
    variant: str

    @property
    def place(self) -> str:
        """File and line, for messages."""
        return f"{self.file}, {self.unit} {self.number}"

    @property
    def named(self) -> str:
        """File, line and variant, for messages."""
        return f"{self.place} (variant '{self.variant}')"


def read_rows(path: Path, variant: str) -> list[Row]:
    """Read a JSONL file, also gzipped, whose lines are objects, or a Parquet file; empty lines are skipped.

    Raises:
        UserError: No such file, another format, a line that is no JSON object, or no line at all; the message
            names file, line and variant.
    """
    named = f"{path} (variant '{variant}')"
    file = regular_file(path)
    with foreign_file(named), file.open("rb") as stream:
        is_parquet = stream.read(4) == b"PAR1"
        stream.seek(0)
        if is_parquet:
            rows = _read_parquet(path, variant)
        else:
            lines = list(numbered_lines(open_text(stream)))
    if not is_parquet:
        rows = [_read_line(line, number, path, variant) for number, line in lines]
    if not rows:
        raise UserError(f"{named}: is empty; it needs a line for each sequence")
    return rows


def _read_line(line: str, number: int, path: Path, variant: str) -> Row:
    with foreign_file(f"{path}, line {number} (variant '{variant}')"):
        return Row(values=json_object(line), file=path, number=number, unit="line", variant=variant)


def _read_parquet(path: Path, variant: str) -> list[Row]:
    with parquet.ParquetFile(path) as file:
        table = file.read()
    columns = {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        with foreign_file(f"column '{name}'"):
            columns[name] = _in_microseconds(column).to_pylist()
    rows = (dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True))
    return [
        Row(values=values, file=path, number=number, unit="row", variant=variant)
        for number, values in enumerate(rows, start=1)
    ]


def _in_microseconds(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return times as Python can hold them, truncated to microseconds."""
    if pa.types.is_timestamp(column.type):
        return column.cast(pa.timestamp("us", column.type.tz), safe=False)
    if pa.types.is_time64(column.type):
        return column.cast(pa.time64("us"), safe=False)
    return column.cast(pa.duration("us"), safe=False) if pa.types.is_duration(column.type) else column
