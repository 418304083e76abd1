"""Completion in bash, which splits ``name=value`` into three words."""

import contextlib
import io
import sys
from collections.abc import Callable, Mapping, MutableMapping


def asking_shell(environ: Mapping[str, str]) -> str | None:
    """Return the shell that asks for completions, by the protocol of typer and click; None: none does."""
    asked = (value for name, value in environ.items() if name.startswith("_") and name.endswith("_COMPLETE"))
    return next((value.removeprefix("complete_") for value in asked), None)


def complete_in_bash(app: Callable[[], object], environ: MutableMapping[str, str]) -> None:
    """Run the app on the words as they were typed, and shorten its answers for bash.

    Args:
        app: Prints completions, one a line, and exits.
        environ: Has ``COMP_WORDS``, one word a line, and ``COMP_CWORD``, the index of the one at the cursor.
    """
    words, cursor, before = _join(environ.get("COMP_WORDS", ""), int(environ.get("COMP_CWORD", "0")))
    environ.update(COMP_WORDS="\n".join(words), COMP_CWORD=str(cursor))
    answers = io.StringIO()
    try:
        with contextlib.redirect_stdout(answers):
            app()
    finally:
        for line in answers.getvalue().splitlines():
            sys.stdout.write(line.removeprefix(before) + "\n")


def _join(typed: str, cursor: int) -> tuple[list[str], int, str]:
    """Return the words as they were typed, the index of the last one, and the part of it that bash keeps."""
    separator = "\n" if "\n" in typed else " "
    pieces = typed.split(separator)[: cursor + 1]
    words: list[str] = []
    for i, piece in enumerate(pieces):
        is_value = i > 0 and pieces[i - 1] == "=" and not piece.startswith("--")
        if words and i > 1 and (piece == "=" or is_value):
            words[-1] += piece
        else:
            words.append(piece)
    last = pieces[-1] if pieces[-1] != "=" else ""
    before = words[-1].removesuffix(last)
    if before.startswith("--"):
        before = before.partition("=")[2]
    return words, len(words) - 1, before
