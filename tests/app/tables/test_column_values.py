"""Single columns as numbers, moments or text."""

from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from nested_lightning.app.errors import UserError
from nested_lightning.app.tables.column_values import (
    is_blank,
    is_missing,
    number_values,
    text_values,
    time_values,
)

_NOON = datetime(2024, 1, 31, 12, tzinfo=UTC).timestamp()


def _chunked(values: list[object], kind: pa.DataType | None = None) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array(values, kind)])


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (_chunked([1, None, 3]), [1, np.nan, 3]),
        (_chunked([True, False, None]), [1, 0, np.nan]),
        (_chunked([0.5, float("nan")], pa.float32()), [0.5, np.nan]),
        (_chunked([" 1.5", "2e3 ", "?", ""]), [1.5, 2000, np.nan, np.nan]),
        (_chunked([None, None], pa.null()), [np.nan, np.nan]),
        (_chunked([2**53 + 1]), [2.0**53]),
        (_chunked(["1", "2"]).dictionary_encode(), [1, 2]),
    ],
)
def test_number_values_have_nan_where_missing(column: pa.ChunkedArray, expected: list[float]) -> None:
    values = number_values(column)
    assert values is not None
    assert values.dtype == np.float64
    np.testing.assert_array_equal(values, expected)


@pytest.mark.parametrize("values", [["1", "red"], [[1.0], [2.0]]])
def test_number_values_of_what_is_no_number_are_none(values: list[object]) -> None:
    assert number_values(_chunked(values)) is None


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (_chunked([1, 10, None]), ["1", "10", None]),
        (_chunked([1.0, 2.5, float("nan")]), ["1", "2.5", None]),
        (_chunked([True, False]), ["True", "False"]),
        (_chunked([" red", "1.0", "01", "", "NA", "None"]), ["red", "1", "01", None, None, "None"]),
        (_chunked(["x", "y"]).dictionary_encode(), ["x", "y"]),
    ],
)
def test_text_values_are_the_same_whatever_the_type(
    column: pa.ChunkedArray, expected: list[str | None]
) -> None:
    assert text_values(column).to_pylist() == expected


def test_text_values_of_lists_are_refused() -> None:
    with pytest.raises(UserError, match="can be neither a label nor a category"):
        text_values(_chunked([[1], [2]]))


def test_is_missing_marks_nan_and_null() -> None:
    assert is_missing(np.array([1.0, np.nan])).tolist() == [False, True]
    assert is_missing(pa.array(["a", None])).tolist() == [False, True]


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (_chunked([None, None], pa.list_(pa.int64())), True),
        (_chunked([float("nan"), None], pa.float32()), True),
        (_chunked(["", " ? ", "NA", None]), True),
        (_chunked(["", "", "a"]).dictionary_encode(), False),
        (_chunked([None, 0.0]), False),
        (_chunked([[], None], pa.list_(pa.int64())), False),
    ],
)
def test_a_column_without_any_value_is_blank(column: pa.ChunkedArray, expected: bool) -> None:
    assert is_blank(column) is expected


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("2024-01-31T12:00:00", _NOON),
        ("2024-01-31 12:00", _NOON),
        ("2024-01-31T14:00:00+02:00", _NOON),
        ("2024-01-31T12:00:00.5Z", _NOON + 0.5),
        ("2024-01-31", _NOON - 43200),
        (date(2024, 1, 31), _NOON - 43200),
        (datetime(2024, 1, 31, 12), _NOON),
        (datetime(2024, 1, 31, 12, tzinfo=UTC), _NOON),
        ("20240131", 20240131.0),
        (3.5, 3.5),
        (7, 7.0),
    ],
)
def test_a_moment_means_the_same_in_every_type_and_writing(value: Any, seconds: float) -> None:
    for unit in (None, "s", "ns") if isinstance(value, datetime) else (None,):
        kind = pa.timestamp(unit, "UTC" if value.tzinfo else None) if unit else None
        values = time_values(pa.chunked_array([pa.array([value, None], kind)]), name="day")
        assert values[0] == seconds
        assert values[1] != values[1]


def test_dates_before_1970_are_in_order() -> None:
    values = time_values(pa.chunked_array([["1969-12-31", "1900-01-01", "1970-01-01"]]), name="day")

    assert values.argsort().tolist() == [1, 0, 2]


@pytest.mark.parametrize("value", ["31.02.2024", "2024-02-31", "soon", "2024-01-31 25:00"])
def test_what_is_no_date_is_named_with_row_and_column(value: str) -> None:
    column = pa.chunked_array([["2024-01-31", None, value, value]])

    with pytest.raises(
        UserError, match=f"'day' holds what is no date.* in 2 rows: '{value}', first in row 3"
    ):
        time_values(column, name="day")
