"""Columns of a table as plain values: numbers with NaN, or text with null, for what is missing."""

from collections.abc import Collection, Iterable
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import compute

from app.data.csv_file import NUMBER_NULLS
from app.data.wording import name_list
from app.errors import UserError

Numbers = npt.NDArray[np.float64]
ColumnValues: TypeAlias = Numbers | pa.StringArray
"""float64 of [N], NaN where missing; or text of [N], null where missing."""

TEXT_NULLS = ("", "NA", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "NULL", "null", "?")
MAX_MAGNITUDE = 1e30
"""Larger numbers are markers of some program, and would overflow 32 bits once standardised."""

_WHOLE_NUMBER = r"^\s*([+-]?\d+)\.0*\s*$"
_MISREAD = (
    "multi_feature.data.categorical if it names kinds, or leave it out with multi_feature.data.grouping"
)


def read_columns(
    table: pa.Table, names: Iterable[str], *, categorical: Collection[str] = ()
) -> dict[str, ColumnValues]:
    """Return the named columns as numbers, those in ``categorical`` as text.

    Raises:
        UserError: A column holds text, dates or nested values, or a number that is not finite.
    """
    columns: dict[str, ColumnValues] = {}
    faults: list[str] = []
    for name in names:
        column = table.column(name)
        if name in categorical:
            columns[name] = text_values(column)
            continue
        numbers = number_values(column)
        if numbers is None:
            faults.append(_describe_text(name, column))
        else:
            columns[name] = _check_finite(name, numbers)
    if faults:
        raise UserError(
            f"{'; '.join(faults[:3])}{f'; and {len(faults) - 3:,} more such columns' if faults[3:] else ''}."
            f" A feature must be a number: correct the value, or put the column into {_MISREAD}"
        )
    return columns


def number_values(column: pa.ChunkedArray) -> Numbers | None:
    """Return the column as float64 with NaN where missing; None if something in it is no number."""
    column = _plain(column)
    if _is_text(column.type):
        column = compute.utf8_trim_whitespace(column)
        is_null = compute.is_in(column, value_set=pa.array(NUMBER_NULLS))
        column = compute.if_else(is_null, pa.scalar(None, pa.string()), column)
    elif not _is_number(column.type):
        return None
    try:
        numbers: Numbers = column.cast(pa.float64(), safe=False).to_numpy()
    except pa.ArrowInvalid:
        return None
    return numbers


def text_values(column: pa.ChunkedArray) -> pa.StringArray:
    """Return the column as text without surrounding space, null where missing.

    The same value gives the same text whatever its type: ``1``, ``1.0`` and ``"1"`` are ``"1"``; true is
    ``"True"``. ``"01"`` stays.
    """
    column = _plain(column)
    if pa.types.is_boolean(column.type):
        text = compute.if_else(column, "True", "False")
    elif pa.types.is_nested(column.type):
        raise UserError("a column of lists or structures can be neither a label nor a category")
    else:
        text = column.cast(pa.string())
    text = compute.replace_substring_regex(text, pattern=_WHOLE_NUMBER, replacement=r"\1")
    text = compute.utf8_trim_whitespace(text)
    is_null = compute.is_in(text, value_set=pa.array(TEXT_NULLS))
    return _one_chunk(compute.if_else(is_null, pa.scalar(None, pa.string()), text))


def is_missing(values: ColumnValues) -> npt.NDArray[np.bool_]:
    """Return bool of [N]."""
    if isinstance(values, np.ndarray):
        return np.isnan(values)
    missing: npt.NDArray[np.bool_] = values.is_null().to_numpy(zero_copy_only=False)
    return missing


def keep_rows(values: ColumnValues, rows: npt.NDArray[np.bool_]) -> ColumnValues:
    """Return the values of the rows that are True in ``rows``, bool of [N]."""
    return values[rows] if isinstance(values, np.ndarray) else values.filter(pa.array(rows))


def _check_finite(name: str, numbers: Numbers) -> Numbers:
    is_wrong = np.abs(numbers) > MAX_MAGNITUDE
    if is_wrong.any():
        row = int(is_wrong.argmax())
        raise UserError(
            f"column '{name}' holds {numbers[row]:g}, first in row {row + 1:,}; a feature must be finite and"
            f" at most ±{MAX_MAGNITUDE:g}: correct the value, or leave it empty if it is missing"
        )
    return numbers


def _describe_text(name: str, column: pa.ChunkedArray) -> str:
    column = _plain(column)
    if not _is_text(column.type):
        return f"column '{name}' holds values of type {column.type}"
    column = _one_chunk(compute.utf8_trim_whitespace(column))
    is_number = compute.match_substring_regex(column, r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$")
    is_null = compute.is_in(column, value_set=pa.array(NUMBER_NULLS))
    is_word = compute.invert(compute.or_(is_number, is_null)).fill_null(False)
    words = compute.unique(column.filter(is_word))[:3].to_pylist() or ["?"]
    row = compute.index(is_word, True).as_py()
    return f"column '{name}' holds text ({name_list(words)}; first in row {row + 1:,})"


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _is_number(kind: pa.DataType) -> bool:
    types = pa.types
    tests = (types.is_integer, types.is_floating, types.is_decimal, types.is_boolean, types.is_null)
    return any(test(kind) for test in tests)


def _one_chunk(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
