"""A table in two parts says what it says column by column."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nested_lightning.app.errors import UserError
from nested_lightning.app.tables.column_reading import read_columns, read_split_columns
from nested_lightning.app.tables.column_values import number_values
from nested_lightning.app.tables.given_tables import to_table
from nested_lightning.app.tables.number_block import SplitTable

CELLS = [
    st.none(),
    st.floats(-1e20, 1e20),
    st.sampled_from(
        [float("nan"), 2**53, 2**53 + 1, -(2**53) - 1, 2**63, 10**400, True, "7", " 1.5", "NA", "x"]
    ),
    st.integers(-9, 9),
    st.sampled_from([np.float32(0.1), np.int64(2**60), pa.scalar(1.5), b"1", [1.0], {"a": 1}]),
]


def _split(rows: Any, names: list[str], *, apart: tuple[str, ...] = ()) -> SplitTable:
    return SplitTable.of_given(rows, names, apart=apart, text_columns=(), ignored=())


def _one_by_one(rows: Any, name: str) -> Any:
    try:
        return number_values(pa.chunked_array([to_table(rows, [name]).column(name).combine_chunks()]))
    except UserError as error:
        return str(error)


def _at_once(rows: Any, name: str) -> Any:
    try:
        split = _split(rows, [name])
        return read_split_columns(split, split.others.column_names, categorical=())[name]
    except UserError as error:
        return None if "The model was trained with numbers" in str(error) else str(error)


@settings(deadline=None, max_examples=200)
@given(st.lists(st.one_of(*CELLS), min_size=1, max_size=4) | st.lists(st.one_of(*CELLS[:3]), max_size=4))
def test_cells_mean_what_arrow_reads_in_them(cells: list[Any]) -> None:
    rows = {"a": cells}

    np.testing.assert_equal(_at_once(rows, "a"), _one_by_one(rows, "a"))


KINDS = [
    pa.float64(),
    pa.float32(),
    pa.float16(),
    pa.int64(),
    pa.int8(),
    pa.uint64(),
    pa.uint16(),
    pa.bool_(),
]


def test_columns_of_every_type_of_number_are_what_each_is_by_itself() -> None:
    arrays = [pa.chunked_array([[None, 1.0], [0.0, 1.0]]).cast(kind) for kind in KINDS]
    large = pa.chunked_array([pa.array([None, 2**53 + 1], pa.int64()), pa.array([2**62 + 1, 3], pa.int64())])
    table = pa.table([*arrays, large], names=[*map(str, KINDS), "large"])

    columns = read_columns(table, reversed(table.column_names), categorical=())

    for name in table.column_names:
        np.testing.assert_array_equal(columns[name], number_values(table.column(name)))


def test_plain_numbers_lie_side_by_side_and_columns_apart_do_not() -> None:
    rows = {"a": [1, 2], "b": ["x", None], "c": np.array([0.5, 1.5]), "d": [3.0, None], "e": [True, False]}

    split = _split(rows, ["d", "e", "c", "b", "a"], apart=("a",))

    assert list(split.numbers.places) == ["d", "c"]
    np.testing.assert_array_equal(split.numbers.take(["c", "d"]), [[0.5, 3.0], [1.5, np.nan]])
    assert split.others.column_names == ["e", "b", "a"]
    assert split.num_rows == 2


def test_columns_of_different_lengths_are_refused() -> None:
    with pytest.raises(UserError, match="different lengths"):
        _split({"a": [1.0, 2.0], "b": ["x"]}, ["a", "b"])
    with pytest.raises(UserError, match="different lengths"):
        _split({"a": [1.0, 2.0], "b": [1.0]}, ["a", "b"])


def test_a_number_out_of_bounds_is_named_with_its_row() -> None:
    with pytest.raises(UserError, match="column 'b' holds -inf, first in row 2"):
        read_split_columns(_split({"a": [1.0, np.nan], "b": [1.0, -np.inf]}, ["a", "b"]), [], categorical=())
