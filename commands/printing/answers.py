"""Answers of a predictor, on the terminal or in a file."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.text import Text

from nested_lightning.app.errors import UserError
from nested_lightning.commands.printing.console import console, write_file

if TYPE_CHECKING:
    from nested_lightning.app.answers import Answers

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
    *("cyan", "green", "yellow", "magenta", "blue", "red"),
    *("bright_cyan", "bright_green", "bright_yellow"),
)


def print_answers(answers: "Answers", format_: str) -> None:
    """Print answers on standard output; on a terminal, marked texts are in colour.

    Raises:
        UserError: They are no text, and it is a terminal.
    """
    if format_ != "text" or not answers.marked or console.color_system is None:
        _print_content(answers.encode(format_), format_)
        return
    for one in answers.marked:
        console.print(colour_text(one.text, one.spans, one.class_names), end="", soft_wrap=True)


def _print_content(content: bytes, format_: str) -> None:
    try:
        typer.echo(content.decode(), nl=False)
    except UnicodeDecodeError:
        if console.is_terminal:
            raise UserError(f"{format_} is no text: name a file for it with --output") from None
        typer.echo(content, nl=False)


def write_answers(answers: "Answers", format_: str, path: Path) -> None:
    """Write answers to a file and say so."""
    write_file(path, answers.encode(format_), what=f"{answers.count} {answers.noun}")


def colour_text(text: str, spans: Iterable[tuple[int, int, str]], class_names: Sequence[str]) -> Text:
    """Return the text with the style of each span's class, see `SequencePrediction.spans`.

    Of all classes, those that aren't kinds of Python tokens get colours in turn.
    """
    coloured = Text(text, end="", no_wrap=True, overflow="ignore")
    for start, stop, name in spans:
        other = _PALETTE[class_names.index(name) % len(_PALETTE)]
        coloured.stylize(STYLES.get(name, other), start, stop)
    return coloured
