"""One column of a table as plain values, NaN or null for what is missing: numbers, moments or text."""

import math
import unicodedata
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import compute

from nested_lightning.app.errors import RowError, UserError, counted
from nested_lightning.app.tables.csv_file import NUMBER_NULLS

Numbers = npt.NDArray[np.float64]
ColumnValues: TypeAlias = Numbers | pa.StringArray
"""float64 of [N], NaN where missing; or text of [N], null where missing."""

TEXT_NULLS = ("", "NA", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "NULL", "null", "?")
"""Fewer than ``NUMBER_NULLS``: a category or a class may well be called None."""

_WRITTEN = r"^[+-]?[$€£¥]?\s?[+-]?(\d+|[1-9]\d{0,2}(,\d{3})+)(\.\d+)?\s?[%$€£¥]?$"
"""A number with commas between groups of three digits, and one sign of a unit before or after it."""

_MARKS = r"[,%$€£¥\s]"
_WHOLE_NUMBER = r"^\s*([+-]?\d+)\.0*\s*$"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)


def number_values(column: pa.ChunkedArray) -> Numbers | None:
    """Return the column as float64 with NaN where missing; None if something in it is no number.

    Text may be written for people, if all of it is: ``1,200`` and ``$1,200.50`` have commas between groups of
    three digits, ``12 %`` the sign of a unit, the same in all rows.
    """
    column = plain_column(column)
    if is_text(column.type):
        column = _with_nulls(compute.utf8_trim_whitespace(column), NUMBER_NULLS)
    elif not _is_number_type(column.type):
        return None
    try:
        return _cast(column)
    except pa.ArrowInvalid:
        if not (is_text(column.type) and _are_written(column)):
            return None
        return _cast(compute.replace_substring_regex(column, _MARKS, ""))


def first_written(column: pa.ChunkedArray) -> tuple[str, int] | None:
    """Return the first text that is written for people, and its row; None: all are plain numbers."""
    column = plain_column(column)
    if not is_text(column.type):
        return None
    row = compute.index(compute.match_substring_regex(column, _MARKS.replace("\\s", "")), True).as_py()
    return None if row < 0 else (column[row].as_py().strip(), row)


def is_written(text: pa.ChunkedArray | pa.StringArray) -> Any:
    """Return whether each text is a number, be it written for people; null where it is missing."""
    return compute.match_substring_regex(text, _WRITTEN)


def _cast(column: pa.ChunkedArray) -> Numbers:
    numbers: Numbers = column.cast(pa.float64(), safe=False).to_numpy()
    return numbers


def _are_written(text: pa.ChunkedArray) -> bool:
    """Return whether all texts are numbers, written for people, in one unit."""
    for part in (text.slice(0, 100), text):  # most texts are none in their first rows
        if not compute.all(is_written(part)).as_py():
            return False
    units = compute.unique(compute.replace_substring_regex(text, r"[^%$€£¥]", ""))
    return sum(bool(unit.as_py()) for unit in units) <= 1


def text_values(column: pa.ChunkedArray) -> pa.StringArray:
    """Return the column as text without surrounding space, null where missing.

    The same value gives the same text whatever its type: ``1``, ``1.0`` and ``"1"`` are ``"1"``; true is
    ``"True"``. ``"01"`` stays. Composed and decomposed accents are the same (NFC).

    Raises:
        UserError: The column holds lists or structures, or bytes that are not UTF-8.
    """
    column = plain_column(column)
    try:
        is_bool = pa.types.is_boolean(column.type)
        text = compute.if_else(column, "True", "False") if is_bool else column.cast(pa.string())
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid):
        raise UserError(f"a column of type {column.type} can be neither a label nor a category") from None
    text = compute.utf8_normalize(text, form="NFC")
    text = compute.replace_substring_regex(text, pattern=_WHOLE_NUMBER, replacement=r"\1")
    text = _with_nulls(compute.utf8_trim_whitespace(text), TEXT_NULLS)
    return text.combine_chunks() if isinstance(text, pa.ChunkedArray) else text


def text_of(value: Any) -> str | None:
    """Return one value of a JSON object, or of a row, as text; None for null and NaN.

    The same number gives the same text as in `text_values`; text stays as it is, but for its accents.
    """
    if value is None or value != value:
        return None
    whole = isinstance(value, float) and value.is_integer()
    return unicodedata.normalize("NFC", str(int(value) if whole else value))


def is_missing(values: ColumnValues) -> npt.NDArray[np.bool_]:
    """Return bool of [N]."""
    if isinstance(values, np.ndarray):
        return np.isnan(values)
    missing: npt.NDArray[np.bool_] = values.is_null().to_numpy(zero_copy_only=False)
    return missing


def is_blank(column: pa.ChunkedArray) -> bool:
    """Return whether no row of a column has a value."""
    return _lacks_all(column.slice(0, 1)) and _lacks_all(column)


def _lacks_all(column: pa.ChunkedArray) -> bool:
    if column.null_count == len(column):
        return True
    numbers = number_values(column)
    return numbers is not None and bool(np.isnan(numbers).all())


def plain_column(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return the column without dictionary encoding, and text in the one type that all functions take."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    return column.cast(pa.string()) if is_text(column.type) else column


def is_number(text: str) -> bool:
    """Return whether a text is a number, also one that isn't finite."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def is_text(kind: pa.DataType) -> bool:
    """Return whether ``kind`` is one of Arrow's types of text."""
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _is_number_type(kind: pa.DataType) -> bool:
    types = pa.types
    tests = (types.is_integer, types.is_floating, types.is_decimal, types.is_boolean, types.is_null)
    return any(test(kind) for test in tests)


def _with_nulls(text: pa.ChunkedArray, nulls: tuple[str, ...]) -> pa.ChunkedArray:
    return compute.if_else(compute.is_in(text, value_set=pa.array(nulls)), pa.scalar(None, pa.string()), text)


def time_values(column: pa.ChunkedArray, *, name: str) -> Numbers:
    """Return seconds since 1970, or the numbers of a column of numbers: float64 of [N], NaN where missing.

    Without a zone, a moment is taken for one of UTC.

    Raises:
        RowError: A value is neither; the message names the column, ``name``, and the first such row.
    """
    column = plain_column(column)
    if pa.types.is_date(column.type) or pa.types.is_timestamp(column.type):
        seconds: Numbers = column.cast(pa.timestamp("us"), safe=False).cast(pa.int64()).to_numpy() / 1e6
        return seconds
    if (numbers := number_values(column)) is not None:
        return numbers
    return _read_moments(text_values(column), name)


def _read_moments(text: pa.StringArray, name: str) -> Numbers:
    encoded = text.dictionary_encode()
    written = encoded.dictionary.to_pylist()
    moments = np.array([*map(_read_moment, written), math.nan])
    numbers: Numbers = moments[encoded.indices.fill_null(len(written)).to_numpy()]
    if (is_wrong := np.isnan(numbers) & compute.is_valid(text).to_numpy(zero_copy_only=False)).any():
        row = int(is_wrong.argmax())
        raise RowError(
            f"column '{name}' holds what is no date and no number in {counted(int(is_wrong.sum()), 'row')}:"
            f" '{text[row]}', first in row {{row}}; write dates as 2024-01-31 or 2024-01-31T18:30:00",
            row=row,
        )
    return numbers


def _read_moment(text: str) -> float:
    """Return NaN for what can't be read."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return math.nan
    return ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - _EPOCH) / _SECOND
