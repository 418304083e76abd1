"""Words of messages."""

import pytest

from nested_lightning.app.errors import UserError, counted, errors_naming, name_list


def test_name_list_is_cut_short() -> None:
    assert name_list("abcdef", limit=3) == "'a', 'b', 'c' and 3 more"


def test_name_list_does_not_replace_one_name_by_a_count() -> None:
    assert name_list("abcd", limit=3) == "'a', 'b', 'c', 'd'"


def test_name_list_shows_counts() -> None:
    assert name_list({"a": 1200}) == "'a' (1,200)"


def test_counted_takes_the_plural() -> None:
    assert [counted(1, "row"), counted(2000, "row"), counted(2, "class")] == [
        "1 row",
        "2,000 rows",
        "2 classes",
    ]


def test_errors_naming_puts_the_source_before_user_errors_alone() -> None:
    with pytest.raises(UserError, match=r"^file\.csv: no rows$"), errors_naming("file.csv"):
        raise UserError("no rows")
    with pytest.raises(ValueError, match=r"^no rows$"), errors_naming("file.csv"):
        raise ValueError("no rows")
