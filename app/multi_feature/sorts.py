"""Which columns hold dates, texts, lists of numbers or pictures, and how these are read.

Shapes: N rows.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import compute

from nested_lightning.app.errors import UserError
from nested_lightning.app.multi_feature.group_specs import Sort
from nested_lightning.app.multi_feature.list_columns import SequenceColumn, TextColumn, TokenColumn
from nested_lightning.app.multi_feature.own_columns import DateColumn, OwnColumn
from nested_lightning.app.multi_feature.picture_column import PictureColumn, TablePictures
from nested_lightning.app.tables.column_reading import seems_categorical
from nested_lightning.app.tables.column_values import (
    TEXT_NULLS,
    is_text,
    number_values,
    plain_column,
    text_values,
    time_values,
)
from nested_lightning.app.tables.labels import is_list

MIN_WORDS = 3
"""Words of a text on average, from which on it is one rather than a name."""

_DATE = r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?$"
_NUMBER = re.compile(r"[^\s,;|\[\]()]+")
_COMMA_WITHIN, _OTHER_SEPARATOR = re.compile(r"\d,\d"), re.compile(r"[;|]|[^\s,\[(]\s+[^\s,\])]")


def find_sorts(
    table: pa.Table,
    names: Sequence[str],
    *,
    given: Mapping[str, Sort],
    categorical: Collection[str],
    pictures: TablePictures,
) -> dict[str, Sort]:
    """Return the sort of each column that has one of its own: as it was ``given``, or where it is clear."""
    found: dict[str, Sort] = {}
    for name in names:
        sort = given.get(name) or (None if name in categorical else _guess(table.column(name)))
        if sort is None and name not in categorical and pictures.are_named_in(name):
            sort = "picture"
        if sort is not None:
            found[name] = sort
    return found


def read_own_columns(
    table: pa.Table,
    sorts: Mapping[str, Sort],
    pictures: TablePictures | None,
    preparations: Mapping[str, Any] = MappingProxyType({}),
) -> dict[str, OwnColumn]:
    """Return the columns of a sort of their own; ``preparations`` are what their extractors want, by column.

    Raises:
        UserError: A value can't be what it should be; names row and column.
    """
    return {
        name: _read(table.column(name), name, sort, pictures, preparations.get(name))
        for name, sort in sorts.items()
        if name in table.column_names
    }


def _guess(column: pa.ChunkedArray) -> Sort | None:
    column = plain_column(column)
    kind = column.type
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        return "date"
    if is_list(kind):
        return "sequence"
    if not is_text(kind):
        return None
    known = text_values(column).drop_null()
    if len(known) and compute.all(compute.match_substring_regex(known, _DATE)).as_py():
        return "date"
    if seems_categorical(column) or len(known) == 0:
        return None
    num_spaces = compute.sum(compute.count_substring_regex(known, r"\s+")).as_py()
    return "text" if num_spaces >= (MIN_WORDS - 1) * len(known) else None


def _read(
    column: pa.ChunkedArray, name: str, sort: Sort, pictures: TablePictures | None, preparation: Any
) -> OwnColumn:
    if sort == "date":
        return DateColumn(name, _read_dates(column, name))
    if sort == "sequence":
        return SequenceColumn(name, _read_lists(column, name))
    try:
        texts = text_values(column)
    except UserError:
        raise UserError(f"column '{name}' holds values of type {column.type}, and should hold text") from None
    if sort == "picture" and pictures is not None:
        return PictureColumn(name, texts, pictures, preparation)
    if sort == "tokens":
        return TokenColumn(name, texts, preparation)
    return TextColumn.of_texts(name, texts)


def _read_dates(column: pa.ChunkedArray, name: str) -> pa.DoubleArray:
    numbers = number_values(column)
    if numbers is not None and not np.isnan(numbers).all():
        raise UserError(
            f"column '{name}' holds numbers, and should hold dates: write them as 2024-01-31 or"
            " 2024-01-31T18:30:00, or don't list the column in multi_feature.data.dates"
        )
    return pa.array(time_values(column, name=name), from_pandas=True)


def _read_lists(column: pa.ChunkedArray, name: str) -> pa.ListArray:
    column = plain_column(column)
    cells = (column if is_list(column.type) else text_values(column)).to_pylist()
    lists = []
    for number, cell in enumerate(cells, 1):
        try:
            lists.append(list_of(cell))
        except (TypeError, ValueError):
            raise UserError(
                f"column '{name}' holds something else than finite numbers in row {number:,}: a list such as"
                " [1, 2.5], or in CSV numbers with a point before decimals, and spaces, semicolons or bars"
                " between; correct or empty it, or name the column in multi_feature.data.excluded"
            ) from None
    return pa.array(lists, pa.list_(pa.float64()))


def list_of(cell: Any) -> list[float] | None:
    """Return the numbers of a list, or of a text that holds one; None: the cell is empty.

    Raises:
        ValueError: One is no finite number.
        TypeError: The same.
    """
    if cell is None or cell in TEXT_NULLS:
        return None
    return [_finite(value) for value in (_split(cell) if isinstance(cell, str) else cell)]


def _split(text: str) -> list[str]:
    if _COMMA_WITHIN.search(text) and _OTHER_SEPARATOR.search(text):
        raise ValueError  # 1,5;2,5 may be two numbers or four
    return _NUMBER.findall(text)


def _finite(value: object) -> float:
    number = float(value)  # type: ignore[arg-type] # anything else raises, and is reported
    if number - number != 0:
        raise ValueError
    return number
