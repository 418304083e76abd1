"""Tables that arrive as files, which say how large they become before they are read."""

import tempfile
from collections.abc import Collection
from pathlib import Path

import pyarrow as pa
from pyarrow import compute, parquet

from nested_lightning.app.errors import UserError
from nested_lightning.app.foreign_files import foreign_file
from nested_lightning.app.serving.desk import Limits
from nested_lightning.app.serving.problems import Problem
from nested_lightning.app.tables.table_file import read_table

CSV, PARQUET = "text/csv", "application/vnd.apache.parquet"
_MAX_COLUMNS = 20_000
_EXPANDS = 16
"""How many times larger than a body a table may be in memory."""


def read_uploaded_table(content: bytes, *, text_columns: Collection[str], limits: Limits) -> pa.Table:
    """Return the table in a CSV or Parquet file, as `read_table` gives it.

    Raises:
        Problem: It has too many rows or columns, or becomes too large.
        UserError: It is no such table.
    """
    if content.startswith(b"\x1f\x8b"):
        raise UserError("the table is compressed; send it as it is")
    if content.startswith(b"PAR1"):
        _check_parquet(content, max_rows=limits.max_rows, max_size=_EXPANDS * limits.max_body_size)
    elif content.split(b"\n", 1)[0].count(b",") > _MAX_COLUMNS:
        raise Problem(413, f"the table has more than {_MAX_COLUMNS:,} columns")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "table"
        file.write_bytes(content)
        try:
            return read_table(file, text_columns=text_columns)
        except UserError as error:
            raise UserError(str(error).removeprefix(f"{file}: ")) from None


def _check_parquet(content: bytes, *, max_rows: int, max_size: int) -> None:
    with foreign_file("the table"):
        num_rows, size = _sizes(content, max_size)
    if num_rows > max_rows:
        raise Problem(413, f"{num_rows:,} rows are more than {max_rows:,}; send fewer at once")
    if size > max_size:
        raise Problem(413, f"the table takes more than {max_size:,} bytes once it is read; send fewer rows")


def _sizes(content: bytes, max_size: int) -> tuple[int, int]:
    """Return rows and bytes of a Parquet file once it is read: repeated values take no room in it."""
    metadata = parquet.read_metadata(pa.BufferReader(content))
    groups = [metadata.row_group(i) for i in range(metadata.num_row_groups)]
    chunks = [group.column(i) for group in groups for i in range(group.num_columns)]
    size = max(
        8 * sum(chunk.num_values for chunk in chunks), sum(one.total_uncompressed_size for one in chunks)
    )
    texts = {chunk.path_in_schema for chunk in chunks if chunk.physical_type == "BYTE_ARRAY"}
    if size <= max_size and texts:
        file = parquet.ParquetFile(pa.BufferReader(content), read_dictionary=[*texts])
        size += sum(map(_text_size, file.read([*texts]).columns))
    return metadata.num_rows, size


def _text_size(column: pa.ChunkedArray) -> int:
    """Return how many bytes the texts of a column take that may stand there once for many rows."""
    lengths = [
        compute.binary_length(chunk.dictionary).take(chunk.indices)
        for chunk in column.chunks
        if pa.types.is_dictionary(chunk.type)
    ]
    return sum(compute.sum(each).as_py() or 0 for each in lengths)
