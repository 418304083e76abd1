"""The kind of token that each character of a Python source belongs to."""

import pytest

from nested_lightning.app.errors import UserError
from nested_lightning.app.variant.sources.python_kinds import KINDS, label_characters


def _kinds(source: str, part: str) -> set[str]:
    start = source.index(part)
    return {KINDS[i] for i in label_characters(source)[start : start + len(part)]}


SOURCE = '''# first
class Shape(object):
    """Of
    many lines."""

    def area(self, x=1.5e3) -> int:
        return len([x]) + x.len @ 2
'''


@pytest.mark.parametrize(
    ("part", "kind"),
    [
        ("# first", "comment"),
        ("class", "keyword"),
        ("Shape", "definition"),
        ("object", "builtin"),
        ('"""Of\n    many lines."""', "string"),
        ("area", "definition"),
        ("self", "name"),
        ("1.5e3", "number"),
        ("->", "operator"),
        ("[", "bracket"),
        ("@", "operator"),
        ("\n        ", "whitespace"),
    ],
)
def test_each_character_has_the_kind_of_its_token(part: str, kind: str) -> None:
    assert _kinds(SOURCE, part) == {kind}


def test_a_builtins_name_behind_a_dot_is_another_name() -> None:
    labels = label_characters("x.len + len")

    assert [KINDS[i] for i in labels[2:5]] == ["name"] * 3
    assert [KINDS[i] for i in labels[8:]] == ["builtin"] * 3


@pytest.mark.parametrize("source", ['f"a{len(x)}b"', "f'{x!r:>{w}}'"])
def test_an_f_string_is_a_string_from_quote_to_quote(source: str) -> None:
    assert set(label_characters(source)) == {KINDS.index("string")}


def test_every_character_has_one_label() -> None:
    assert len(label_characters(SOURCE)) == len(SOURCE)
    assert set(label_characters(SOURCE)) <= set(range(10))


def test_characters_beyond_ascii_are_counted_as_one() -> None:
    labels = label_characters('é = "😀"  # ü\n')

    assert [KINDS[i] for i in labels[4:7]] == ["string"] * 3
    assert [KINDS[i] for i in labels[9:12]] == ["comment"] * 3


def test_what_is_no_python_is_refused() -> None:
    with pytest.raises(UserError, match="no Python source"):
        label_characters("x = (1,\n")
