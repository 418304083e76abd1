"""What a column suggests, and which columns suggest nothing."""

from typing import Any

import pyarrow as pa
import pytest

from nested_lightning.app.errors import UserError
from nested_lightning.app.multi_feature.targets.guessing import guess_kind, note_idle_separator, read_numbers
from nested_lightning.app.multi_feature.targets.reading import WantedTarget, read_targets


def _column(values: list[Any]) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array(values)])


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["a", "b", "c"] * 4, "classes"),
        (["yes", "no", None] * 4, "binary"),
        ([True, False] * 4, "binary"),
        ([0.0, 1.0] * 4, "binary"),
        (["0", "1"] * 4, "binary"),
        ([1, 2, 3, 4, 5] * 4, "classes"),
        (["1", "2", "3"] * 4, "classes"),
        (list(range(300)), "number"),
        ([10, 20, 30, 40], "number"),
        ([0.5, 1.5, 2.5] * 4, "number"),
        (["1,5", "2,25", "3"] * 4, "number"),
        (["$950", "$1,200", "$12,500.50"] * 4, "number"),
        ([["a"], ["a", "b"], []], "labels"),
    ],
)
def test_a_column_suggests_an_objective(values: list[Any], kind: str) -> None:
    found = guess_kind(_column(values), name="y", separator=None)

    assert found.kind == kind
    assert found.reason


def test_a_separator_says_that_there_are_labels() -> None:
    assert guess_kind(_column(["a;b", "b"]), name="y", separator=";")[0] == "labels"


def test_numbers_with_a_few_other_cells_are_refused_with_the_rows() -> None:
    values = [f"{i}.5" for i in range(60)]
    values[7], values[30] = "n.a", "unknown"

    with pytest.raises(UserError, match=r"'y' holds numbers, but in 2 rows \(8, 31\).*'n\.a'.*kind=classes"):
        guess_kind(_column(values), name="y", separator=None)


def test_a_column_of_which_many_cells_are_words_has_classes() -> None:
    assert guess_kind(_column(["1", "2", "many"] * 9), name="y", separator=None)[0] == "classes"


def test_a_cell_that_is_no_number_is_named_with_its_row() -> None:
    with pytest.raises(UserError, match=r"'y' holds 'x', first in row 2, .* 1 such cell"):
        read_numbers(_column(["1", "x", None]), name="y")


def test_numbers_that_are_written_in_several_ways_are_shown() -> None:
    with pytest.raises(UserError, match=r"'y' holds numbers that aren't all written alike \('1,5', '2.5'\)"):
        read_numbers(_column(["1,5", "2.5"] * 4), name="y")


def test_a_number_that_is_infinite_is_named_with_its_row() -> None:
    with pytest.raises(UserError, match="'y' holds inf, first in row 2"):
        read_numbers(_column([1.0, float("inf")]), name="y")


def test_a_separator_that_no_cell_holds_says_nothing_of_the_column() -> None:
    assert guess_kind(_column(["yes", "no"] * 4), name="y", separator="|")[0] == "binary"
    with pytest.warns(UserWarning, match="'y' holds no '|': each of its cells is one label"):
        note_idle_separator(_column(["yes", "no"]), "|", name="y")


def test_a_target_that_is_written_for_people_is_told_with_what_it_is_read_as() -> None:
    table = pa.table({"price": ["950", "1,200", "12,500"]})
    with pytest.warns(UserWarning, match=r"column 'price': '1,200' is read as the number 1200"):
        (column,) = read_targets(table, WantedTarget(kinds={"price": "number"})).columns

    assert column.values.tolist() == [950, 1200, 12500]


def test_a_few_words_among_numbers_that_are_written_for_people_are_refused() -> None:
    values = [f"{i + 1},000" for i in range(60)] + ["unknown"]

    with pytest.raises(
        UserError, match=r"'y' holds numbers, but in 1 row \(61\) something else, such as 'unknown'"
    ):
        guess_kind(_column(values), name="y", separator=None)
