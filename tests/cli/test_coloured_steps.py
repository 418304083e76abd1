"""A text with a colour for each class of its characters."""

from nested_lightning.app.variant.sources.python_kinds import KINDS
from nested_lightning.commands.printing.answers import STYLES, colour_text


def test_each_span_has_the_style_of_its_kind() -> None:
    coloured = colour_text(
        "def f", [(0, 3, "keyword"), (3, 4, "whitespace"), (4, 5, "definition")], list(STYLES)
    )
    styles = {(span.start, span.end): span.style for span in coloured.spans}

    assert coloured.plain == "def f"
    assert styles[0, 3] == STYLES["keyword"]
    assert styles[4, 5] == STYLES["definition"]


def test_classes_of_ones_own_get_different_colours() -> None:
    coloured = colour_text("ab", [(0, 1, "low"), (1, 2, "up")], ["low", "up"])

    assert len({span.style for span in coloured.spans}) == 2


def test_the_kinds_with_a_style_are_those_of_the_data() -> None:
    assert set(STYLES) == set(KINDS)
