"""Single columns as numbers or text."""

import numpy as np
import pyarrow as pa
import pytest

from nested_lightning.app.errors import UserError
from nested_lightning.app.tables.column_values import is_blank, is_missing, number_values, text_values


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
