"""How answers are written, and which columns stand beside them."""

import pytest

from nested_lightning.app.answers import kept_names, to_utf8
from nested_lightning.app.errors import UserError

THERE = ["id", "name, first", "speed", "label"]


def test_bytes_of_a_name_that_are_no_text_are_written_by_their_numbers() -> None:
    assert to_utf8("圆 " + b"\xff.png".decode(errors="surrogateescape")) == "圆 ".encode() + rb"\udcff.png"


def test_names_stand_between_commas_as_in_csv() -> None:
    assert kept_names('id,"name, first"', THERE, answers=["label"]) == ["id", "name, first"]


def test_a_star_keeps_all_but_what_an_answer_is_called() -> None:
    assert kept_names("*", THERE, answers=["label"]) == ["id", "name, first", "speed"]


def test_nothing_is_kept_where_nothing_is_said() -> None:
    assert kept_names(None, THERE, answers=[]) == []


@pytest.mark.parametrize(
    ("keep", "message"), [("sped", "no column 'sped' to keep; did you mean 'speed'"), ("label", "rename it")]
)
def test_what_cannot_be_kept_is_refused(keep: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        kept_names(keep, THERE, answers=["label"])
