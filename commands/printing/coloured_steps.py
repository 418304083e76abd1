"""A text with a colour for each class of its characters."""

from collections.abc import Iterable, Sequence

from rich.text import Text

STYLES = {
    "whitespace": "",
    "comment": "italic bright_black",
    "string": "green",
    "number": "cyan",
    "operator": "red",
    "bracket": "yellow",
    "keyword": "bold magenta",
    "builtin": "bright_cyan",
    "definition": "bold blue",
    "name": "",
}
"""Style of each kind of Python token."""

_PALETTE = (
    "cyan",
    "green",
    "yellow",
    "magenta",
    "blue",
    "red",
    "bright_cyan",
    "bright_green",
    "bright_yellow",
)


def colour_text(text: str, spans: Iterable[tuple[int, int, str]], class_names: Sequence[str]) -> Text:
    """Return the text with the style of each span's class, see `SequencePrediction.spans`.

    Of all classes, those that aren't kinds of Python tokens get colours in turn.
    """
    coloured = Text(text, end="", no_wrap=True, overflow="ignore")
    for start, stop, name in spans:
        other = _PALETTE[class_names.index(name) % len(_PALETTE)]
        coloured.stylize(STYLES.get(name, other), start, stop)
    return coloured
