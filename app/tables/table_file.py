"""Reading a table from files: CSV, gzipped CSV or Parquet, known by their content."""

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
from nested_lightning.app.tables.given_tables import INDEX_COLUMNS
from nested_lightning.app.tables.table_files import files_of_table, join_files

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


def read_table(
    path: str | Path, *, text_columns: Iterable[str] = (), reader: TableReader = IN_MEMORY
) -> pa.Table:
    """Read a CSV (also gzipped) or Parquet file, or several.

    Names of columns are stripped of spaces; a column without a name is left out with a warning.

    Args:
        path: The file, whose name may end as it likes; a folder of Parquet files, also a partitioned one
            (``year=2024/part.parquet``); or a pattern such as ``sales-*.csv``, in which ``**`` stands for any
            folders. Rows of several files follow each other in the order of the files' paths.
        text_columns: Columns that a CSV file gives as text even if they look like numbers: the label and
            the categorical ones, so that the same value has the same name in every file.
        reader: Reads the files once their format is known.

    Returns:
        A table of at least one row.

    Raises:
        UserError: No such file, not a table, no rows, two columns of one name, or files that don't go
            together. The message begins with the path.
    """
    place = Path(path)

    def read(file: Path, text_columns: Iterable[str]) -> pa.Table:
        regular_file(file)
        with foreign_file(file):
            table = _read(file, text_columns, reader)
        with errors_naming(file):
            return _with_tidy_names(table)

    files = files_of_table(place)
    if files == [place]:
        table = read(place, text_columns)
    else:
        with errors_naming(place):
            table = join_files(place, files, read, text_columns=text_columns)
    with errors_naming(place):
        return tidy_table(table)


def read_shipped_table(*, text_columns: Iterable[str] = (), reader: TableReader = IN_MEMORY) -> pa.Table:
    """Read the table that ships with the project (``app/data/shipped``)."""
    with as_file(files("nested_lightning.app.data.shipped") / SHIPPED_MFEAT) as path:
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
    from pyarrow.parquet import ParquetFile  # imports clients of cloud stores, which few need

    with ParquetFile(path) as file:
        table = reader.read_parquet(file)
    return table.drop_columns([name for name in table.column_names if name.startswith(INDEX_COLUMNS)])


def tidy_table(table: pa.Table) -> pa.Table:
    """Return a table with its names stripped of spaces, and without columns that have none.

    Raises:
        UserError: Two columns have the same name, or there is no row.
    """
    table = _with_tidy_names(table)
    if table.num_rows == 0:
        raise UserError("there are column names but no rows; it needs a row for each sample")
    return table


def _with_tidy_names(table: pa.Table) -> pa.Table:
    names = [tidy_name(name) for name in table.column_names]
    repeated = [name for name, count in Counter(filter(None, names)).items() if count > 1]
    if repeated:
        raise UserError(
            f"several columns have the same name: {name_list(repeated)}; rename them"
            " (the first line must hold the columns' names)"
        )
    if "" in names:
        warnings.warn("a column without a name (a row index?) is left out", stacklevel=2)
    table = table.rename_columns(names).select([name for name in names if name])
    return table.replace_schema_metadata(None)
