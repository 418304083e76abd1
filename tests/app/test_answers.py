"""How answers are written."""

from nested_lightning.app.answers import to_utf8


def test_bytes_of_a_name_that_are_no_text_are_written_by_their_numbers() -> None:
    assert to_utf8("圆 " + b"\xff.png".decode(errors="surrogateescape")) == "圆 ".encode() + rb"\udcff.png"
