"""Feature columns of a table."""

import numpy as np
import pyarrow as pa
import pytest

from nested_lightning.app.errors import UserError
from nested_lightning.app.tables.column_reading import read_columns
from nested_lightning.app.tables.column_values import number_values


def test_columns_of_few_words_are_categories() -> None:
    table = pa.table({"size": [1, 2] * 3, "colour": ["red", "blue"] * 3})
    columns = read_columns(table, ["size", "colour"], categorical=(), infer_categories=True)
    assert isinstance(columns["size"], np.ndarray)
    assert columns["colour"].tolist() == ["red", "blue"] * 3


def test_columns_of_words_are_refused_where_a_model_expects_numbers() -> None:
    table = pa.table({"size": ["red", "blue"] * 3})
    with pytest.raises(UserError, match=r"'size' holds text in 6 rows.*trained with numbers there"):
        read_columns(table, ["size"], categorical=())


def test_columns_named_categorical_are_text_though_they_hold_numbers() -> None:
    columns = read_columns(pa.table({"code": [7, 8]}), ["code"], categorical=["code"])
    assert columns["code"].tolist() == ["7", "8"]


def test_columns_of_numbers_with_a_word_are_refused_with_word_and_row() -> None:
    table = pa.table({"age": ["31", "<5", "40", *["28"] * 37]})
    message = (
        r"'age' holds text in 1 row, 1 different \('<5'; first in row 2\)"
        r".*data\.categorical.*\.dates.*data\.excluded"
    )
    with pytest.raises(UserError, match=message):
        read_columns(table, ["age"], categorical=(), infer_categories=True)


def test_columns_of_numbers_with_many_words_are_categories_with_a_note() -> None:
    table = pa.table({"age": ["31", "<5", "40", "28"] * 5})

    with pytest.warns(UserWarning, match="taken for categories.*'age'"):
        columns = read_columns(table, ["age"], categorical=(), infer_categories=True)

    assert isinstance(columns["age"], pa.StringArray)


def test_columns_that_cannot_be_features_are_named_together() -> None:
    notes = [f"note {i}" for i in range(8)]
    table = pa.table({"a": notes, "b": [[i] for i in range(8)], "c": notes, "d": notes, "e": notes})
    message = "'a' holds text.*'b' holds values of type list.*'c' holds text.*and 2 such columns more"
    with pytest.raises(UserError, match=message):
        read_columns(table, table.column_names, categorical=(), infer_categories=True)


@pytest.mark.parametrize("value", [np.inf, -np.inf, 1.7976931348623157e308])
def test_columns_with_a_number_that_is_not_finite_are_refused_with_row(value: float) -> None:
    table = pa.table({"kar_0": [0.0, 1.0], "kar_1": [0.5, value]})
    with pytest.raises(UserError, match=r"'kar_1' holds .*, first in row 2; a feature must be finite"):
        read_columns(table, ["kar_0", "kar_1"], categorical=())


def test_guesses_of_categories_are_told_and_dates_written_as_text_first() -> None:
    table = pa.table(
        {"day": ["3/4/2024", "2.1.2023"] * 3, "mixed": ["$5", "€5"] * 3, "kind": ["cat", "dog"] * 3}
    )
    with pytest.warns(UserWarning, match="taken for categories") as caught:
        read_columns(table, table.column_names, categorical=(), infer_categories=True)
    numbers, words = (str(one.message) for one in caught)

    assert "'day' ('3/4/2024'), 'mixed' ('$5')" in numbers
    assert "words: 'kind'" in words


@pytest.mark.parametrize(
    ("texts", "numbers"),
    [
        (["950", "1,200", " 12,500 ", "?"], [950, 1200, 12500, np.nan]),
        (["$1,200.50", "$ 3", "-$4", "5"], [1200.5, 3, -4, 5]),
        (["12%", "13.5 %"], [12, 13.5]),
        (["1,5", "2,25"], None),
        (["0,125", "0,250"], None),
        (["1,20,000"], None),
        (["$5", "€5"], None),
        (["1,200", "many"], None),
    ],
)
def test_numbers_that_are_written_for_people_are_numbers_if_all_of_a_column_are(
    texts: list[str], numbers: list[float] | None
) -> None:
    found = number_values(pa.chunked_array([texts]))

    if found is None or numbers is None:
        assert (found is None) == (numbers is None)
    else:
        assert np.array_equal(found, numbers, equal_nan=True)


def test_numbers_that_are_written_for_people_are_told_in_training_alone() -> None:
    table = pa.table({"a": ["7", "1,200"] * 3, "b": ["12%", "1 %"] * 3, "c": ["7", "8"] * 3})
    with pytest.warns(UserWarning, match=r"'a' \('1,200' as 1200\), 'b' \('12%' as 12\)") as caught:
        columns = read_columns(table, table.column_names, categorical=(), infer_categories=True)

    assert len(caught) == 1
    assert list(read_columns(table, ["a"], categorical=())["a"][:2]) == list(columns["a"][:2]) == [7, 1200]
