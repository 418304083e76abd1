"""Reading a table from a file: CSV, gzipped CSV or Parquet, known by their content."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterable
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from nested_lightning.app.errors import UserError, errors_naming, name_list
from nested_lightning.app.foreign_files import foreign_file, regular_file
from nested_lightning.app.tables.csv_file import read_csv, tidy_name

if TYPE_CHECKING:
    from pyarrow.parquet import ParquetFile

SHIPPED_MFEAT = "mfeat.csv.gz"

_OTHER_FORMATS = {
    b"PK\x03\x04": "an Excel workbook or a zip archive",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"SQLite format": "an SQLite database",
    b"ARROW1": "an Arrow or Feather file",
    b"\x89HDF": "an HDF5 file",
    b"{": "JSON",
    b"[": "JSON",
}


class TableReader:
    """Reads a file whose format is known into memory; columns have one chunk each."""

    def read_csv(self, path: Path, text_columns: Iterable[str]) -> pa.Table:
        """Return a CSV file as a table, see `app.tables.csv_file.read_csv`."""
        return read_csv(path, text_columns=text_columns).combine_chunks()

    def read_parquet(self, file: ParquetFile) -> pa.Table:
        """Return a Parquet file as a table."""
        return file.read().combine_chunks()


IN_MEMORY = TableReader()


def read_table(path: Path, *, text_columns: Iterable[str] = (), reader: TableReader = IN_MEMORY) -> pa.Table:
    """Read a CSV (also gzipped) or Parquet file.

    Names of columns are stripped of spaces; a column without a name is left out with a warning.

    Args:
        path: The file; its name may end as it likes.
        text_columns: Columns that a CSV file gives as text even if they look like numbers: the label and
            the categorical ones, so that the same value has the same name in every file.
        reader: Reads the file once its format is known.

    Returns:
        A table of at least one row.

    Raises:
        UserError: No such file, not a table, no rows, or two columns of one name. The message begins with
            the file's path.
    """
    file = regular_file(path)
    with foreign_file(path):
        table = _read(file, text_columns, reader)
    with errors_naming(path):
        return _tidy(table)


def read_shipped_table(
    name: str = SHIPPED_MFEAT, *, text_columns: Iterable[str] = (), reader: TableReader = IN_MEMORY
) -> pa.Table:
    """Read one of the tables that ship with the project (``app/data/shipped``)."""
    with as_file(files("nested_lightning.app.data.shipped") / name) as path:
        return read_table(path, text_columns=text_columns, reader=reader)


def _read(path: Path, text_columns: Iterable[str], reader: TableReader) -> pa.Table:
    with path.open("rb") as file:
        head = file.read(1024)
    if head[:4] == b"PAR1":
        return _read_parquet(path, reader)
    for magic, kind in _OTHER_FORMATS.items():
        if head.startswith(magic):
            raise UserError(f"this is {kind}; export the table as CSV or Parquet")
    return reader.read_csv(path, text_columns)


def _read_parquet(path: Path, reader: TableReader) -> pa.Table:
    from pyarrow.parquet import ParquetFile  # with clients of cloud stores, as few need

    with ParquetFile(path) as file:
        table = reader.read_parquet(file)
    return table.drop_columns([name for name in table.column_names if name.startswith("__index_level_")])


def _tidy(table: pa.Table) -> pa.Table:
    names = [tidy_name(name) for name in table.column_names]
    repeated = [name for name, count in Counter(filter(None, names)).items() if count > 1]
    if repeated:
        raise UserError(
            f"several columns have the same name: {name_list(repeated)}; rename them"
            " (the first line must hold the columns' names)"
        )
    if table.num_rows == 0:
        raise UserError("the file has column names but no rows; it needs a row for each sample")
    if "" in names:
        warnings.warn("a column without a name (a row index?) is left out", stacklevel=2)
    table = table.rename_columns(names).select([name for name in names if name])
    return table.replace_schema_metadata(None)
