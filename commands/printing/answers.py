"""Answers of a predictor, on the terminal or in a file."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from nested_lightning.app.errors import UserError
from nested_lightning.commands.printing.coloured_steps import colour_text
from nested_lightning.commands.printing.console import console, write_file

if TYPE_CHECKING:
    from nested_lightning.app.answers import Answers


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
