"""Tables that lie in several files: a folder of Parquet files, or all files that a pattern names."""

import glob
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from urllib.parse import unquote

import pyarrow as pa

from nested_lightning.app.errors import UserError, name_list
from nested_lightning.app.folders import is_hidden, list_files
from nested_lightning.app.foreign_files import file_or_folder
from nested_lightning.app.tables.column_values import is_text

_PARQUET = (".parquet", ".pq", ".parq")
_NO_VALUE = "__HIVE_DEFAULT_PARTITION__"

ReadFile = Callable[[Path, Iterable[str]], pa.Table]
"""Reads a file, with the columns of these names as text where it can't say of which type they are."""


def files_of_table(place: Path) -> Sequence[Path]:
    """Return the file at a place; or those in a folder, or of a pattern, in the order of their paths.

    In a folder, Parquet files count, but not those that begin with ``_``, as marks of programs do.

    Raises:
        UserError: There is no such file, or a folder has none of these.
    """
    if _is_pattern(place):
        above = _fixed_part(place)
        found = sorted(above.glob(str(place.relative_to(above))))
        files = [file for file in found if file.is_file() and not is_hidden(file.relative_to(above))]
        if not files:
            raise UserError(f"{place}: no file has a name of this pattern (looked from {Path.cwd()})")
        return files
    if not file_or_folder(place).is_dir():
        return [place]
    names = [name for name in list_files(place) if name.suffix.lower() in _PARQUET]
    files = [place / name for name in names if not any(part.startswith("_") for part in name.parts)]
    if not files:
        raise UserError(
            f"{place}: there is no Parquet file in this folder ({', '.join(_PARQUET)}); name a file in it, or"
            f" several by a pattern such as '{place / '*.csv'}'"
        )
    return files


def join_files(
    place: Path, files: Sequence[Path], read: ReadFile, *, text_columns: Iterable[str]
) -> pa.Table:
    """Return the rows of all files, in the files' order.

    Folders below ``place`` that are called ``year=2024`` give their rows a column ``year`` that says so.

    Raises:
        UserError: A file has other columns than the first one, or of types that don't go together.
    """
    above = _fixed_part(place)

    def read_all(text_columns: Iterable[str]) -> dict[Path, pa.Table]:
        return {file: _with_partitions(read(file, text_columns), file.relative_to(above)) for file in files}

    text_columns = [*text_columns]
    tables = read_all(text_columns)
    names = _common_names(tables)
    if mixed := [name for name in names if _is_text_in_some(name, tables.values())]:
        tables = read_all([*text_columns, *mixed])
    try:
        return pa.concat_tables([one.select(names) for one in tables.values()], promote_options="permissive")
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise UserError(f"a column has types in the files that don't go together: {error}") from None


def _is_pattern(place: Path) -> bool:
    return glob.has_magic(str(place)) and not os.path.lexists(place)


def _fixed_part(place: Path) -> Path:
    """Return the folder that all files lie in."""
    if not _is_pattern(place):
        return place
    above = [folder for folder in place.parents if not glob.has_magic(str(folder))]
    return above[0]


def _with_partitions(table: pa.Table, inner: Path) -> pa.Table:
    pairs = [part.partition("=") for part in inner.parent.parts if "=" in part]
    for name, _, value in pairs:
        known = None if value == _NO_VALUE else unquote(value)
        table = table.append_column(unquote(name), pa.array([known] * table.num_rows, pa.string()))
    return table


def _common_names(tables: Mapping[Path, pa.Table]) -> list[str]:
    (first, names), *others = [(file, table.column_names) for file, table in tables.items()]
    for file, there in others:
        if unlike := sorted({*names} ^ {*there}):
            raise UserError(
                f"{file.name} has other columns than {first.name}: {name_list(unlike)} are in one alone; the"
                " files of a table have the same"
            )
    return names


def _is_text_in_some(name: str, tables: Iterable[pa.Table]) -> bool:
    kinds = {table.schema.field(name).type for table in tables} - {pa.null()}
    return len({is_text(kind) for kind in kinds}) > 1
