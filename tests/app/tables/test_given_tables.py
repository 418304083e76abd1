"""Tables as programs hold them."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from nested_lightning.app.errors import UserError
from nested_lightning.app.tables.given_tables import to_table

ROWS = [{"speed": 1.5, "maker": "7"}, {"speed": 2.5, "maker": "8"}]
COLUMNS = {"speed": [1.5, 2.5], "maker": ["7", "8"]}
STRUCTURED = np.array([(1.5, "7"), (2.5, "8")], dtype=[("speed", float), ("maker", "U1")])


class Frame:
    """A data frame of a library that only knows Arrow's protocol."""

    def __arrow_c_stream__(self, requested_schema: object = None) -> Any:
        """Hand the table over."""
        return pa.table({"other": [0, 0], **COLUMNS}).__arrow_c_stream__(requested_schema)


@pytest.mark.parametrize(
    "given",
    [
        ROWS,
        [{"maker": 7, "speed": 1.5}, {"maker": 8, "speed": 2.5, "other": object()}],
        COLUMNS,
        {"speed": np.array([1.5, 2.5]), "maker": (7, 8)},
        STRUCTURED,
        pa.table(COLUMNS),
        Frame(),
    ],
)
def test_many_rows_come_in_any_form(given: Any) -> None:
    assert to_table(given, ["speed", "maker", "absent"], text_columns=["maker"]).to_pydict() == COLUMNS


@pytest.mark.parametrize("cells", [[["a", "b"], [], None], ([], ("c",), ["a"])])
def test_lists_are_no_text_in_a_column_of_text(cells: Any) -> None:
    given = [{"y": cells}, [{"y": cell} for cell in cells]]

    for table in (to_table(one, ["y"], text_columns=["y"]) for one in given):
        assert table["y"].type == pa.list_(pa.string())
        assert table["y"].to_pylist() == [None if cell is None else [*cell] for cell in cells]


@pytest.mark.parametrize("given", [ROWS[0], STRUCTURED[0], {"maker": 7, "speed": 1.5}])
def test_one_row_is_a_table_of_one(given: Any) -> None:
    assert to_table(given, ["speed", "maker"], text_columns=["maker"]).to_pylist() == ROWS[:1]


def test_numbers_without_names_are_in_the_order_of_the_columns() -> None:
    assert to_table(np.array([[1.0, 2.0]]), ["b", "a"]).to_pylist() == [{"b": 1.0, "a": 2.0}]
    assert to_table(np.array([1.0, 2.0]), ["b", "a"]).num_rows == 1


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_data_frames_are_taken(library: str) -> None:
    frames = pytest.importorskip(library)

    assert to_table(frames.DataFrame(COLUMNS), ["speed", "maker"]).to_pydict() == COLUMNS


def test_a_row_of_pandas_is_one_row() -> None:
    row = pytest.importorskip("pandas").DataFrame(COLUMNS).iloc[0]

    assert to_table(row, ["speed", "maker"]).to_pylist() == ROWS[:1]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (3, "given was int"),
        ("speed", "given was str"),
        (np.zeros((1, 3)), r"\[N, 2\].*\[1, 3\]"),
        ([{"speed": 1.0}, {"speed": "fast"}], "different kinds"),
        ({"velocity": [1.0]}, "none of the columns"),
    ],
)
def test_what_is_no_table_is_refused(given: Any, message: str) -> None:
    with pytest.raises(UserError, match=message):
        to_table(given, ["speed", "maker"])
