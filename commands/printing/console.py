"""How commands print: tables on standard output, status and errors on standard error.

No text is read as markup, since names and values come from elsewhere: styles are given beside the texts.
"""

import gc
import logging
import math
import os
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from nested_lightning.app.errors import UserError
from nested_lightning.app.launch import launched_rank
from nested_lightning.settings.reading.errors import SettingsError

_is_first = launched_rank() == 0
"""Of several processes that train together, the first one speaks for all; each tells its own error."""

_VerbatimConsole = partial(Console, markup=False, emoji=False, highlight=False)
console = _VerbatimConsole(quiet=not _is_first)
status_console = _VerbatimConsole(stderr=True, quiet=not _is_first)
error_console = status_console if _is_first else _VerbatimConsole(stderr=True)
"""The same one where it speaks, so that what it prints comes above a spinner, and isn't glued to it."""
_LARGE = 1000.0
_FILE_WIDTH = 200
_ARGUMENTS = re.compile(r"\b(skip_bad|run_dir|domain|variant)=(True|[A-Z]+)\b")
"""What errors of `app` advise to give; here it is an option."""

_HELD_TWICE = "Attribute '.*' is an instance of `nn.Module` and is already saved during checkpointing"
"""Lightning's advice on ``save_hyperparameters``: a checkpoint of ours leaves modules out there."""

Part = str | tuple[str, str]
"""A text, or a text and its style."""


def print_line(*parts: Part | Text, on: Console = console) -> None:
    """Print parts one after another on one line, without wrapping."""
    on.print(Text.assemble(*parts), soft_wrap=True)


@contextmanager
def starting(what: str) -> Iterator[None]:
    """Show what is being done while torch and Lightning are imported and a model is built.

    No garbage is collected meanwhile, since each collection looks through all that is imported.
    """
    gc.disable()
    try:
        with status_console.status(what):
            yield
    finally:
        gc.enable()


def quiet_lightning() -> None:
    """Keep Lightning's remarks off the terminal; the run folder's log has them all the same."""
    for name in ("pytorch_lightning", "lightning_fabric"):
        for handler in logging.getLogger(name).handlers:
            handler.setLevel(logging.WARNING)


def print_error(error: Exception) -> int:
    """Print an error in one line for each mistake and return the exit status that belongs to it.

    That a file or folder can't be used is a mistake of the user's, wherever it comes to light.
    """
    if isinstance(error, SettingsError | UserError):
        lines, status = str(error).splitlines(), 2
    elif isinstance(error, OSError) and error.filename is not None:
        lines, status = (
            [f"{os.fsdecode(error.filename)}: {error.strerror}; name another place, or put it right"],
            2,
        )
    else:
        lines, status = [f"{type(error).__name__}: {error}", "Run again with --debug to see where."], 1
    for line in lines:
        print_fault(line)
    return status


def print_fault(text: str) -> None:
    """Print one of several mistakes, as `print_error` prints them."""
    where = "" if _is_first else f" in process {launched_rank()}"
    print_line(("error", "bold red"), f"{where}: {_ARGUMENTS.sub(_option, text)}", on=error_console)


def _option(argument: re.Match[str]) -> str:
    name = f"--{argument[1].replace('_', '-')}"
    return name if argument[2] == "True" else f"{name} {argument[2]}"


def print_note(text: str) -> None:
    """Print something worth knowing that needs no action."""
    print_line(("note", "yellow"), f": {text}", on=status_console)


def show_warnings_as_notes() -> None:
    """Print a Python warning on one line, without its place in the code."""

    def show(message: Warning | str, *_: object, **__: object) -> None:
        print_note(str(message))

    warnings.showwarning = show
    warnings.filterwarnings("ignore", _HELD_TWICE)
    warnings.filterwarnings("ignore", category=FutureWarning, module="pytorch_lightning")  # calls of its own


def print_table(
    title: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    numeric: bool = True,
    is_wide: bool = False,
) -> None:
    """Print a table; the first column is a name, the others are aligned to the right if they are numbers.

    A wide table isn't folded where it goes into a file or a pipe. Of one without rows a line says so.
    """
    rows = [*rows]
    if not rows:
        print_line((title, "bold"), ": none")
        return
    console.print(Text(title, "bold"))
    table = Table()
    for i, column in enumerate(columns):
        table.add_column(column, justify="right" if i and numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*row)
    if is_wide:
        print_wide(table)
    else:
        console.print(table)


def print_records(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table without wrapping; on a narrow terminal, as a few lines for each row."""
    rows = [*rows]
    widths = (max(map(len, "\n".join(cells).split("\n"))) for cells in zip(columns, *rows, strict=True))
    needed = 1 + sum(3 + width for width in widths)
    if not console.is_terminal or needed <= console.width:
        print_table(title, columns, rows, numeric=False, is_wide=True)
        return
    console.print(Text(title, "bold"))
    for name, *cells in rows:
        parts = [
            f"{column} {' '.join(cell.split())}"
            for column, cell in zip(columns[1:], cells, strict=True)
            if cell
        ]
        lines = [" ".join(name.split()), *(f"    {line}" for line in _pack(parts, console.width - 4))]
        print_line("\n".join(lines))


def _pack(parts: Sequence[str], width: int) -> list[str]:
    """Return parts in lines of at most this width, none of them broken."""
    lines: list[str] = []
    for part in parts:
        if lines and len(lines[-1]) + 2 + len(part) <= width:
            lines[-1] += f"  {part}"
        else:
            lines.append(part)
    return lines


def print_wide(content: RenderableType) -> None:
    """Print a table or a tree, which isn't folded where it goes into a file or a pipe."""
    wide = console if console.is_terminal else _VerbatimConsole(width=_FILE_WIDTH)
    wide.print(content)


def print_facts(title: str, facts: Mapping[str, object]) -> None:
    """Print names and values that line up, below a title."""
    console.print(Text(title, "bold"))
    width = max(map(len, facts), default=0)
    for name, value in facts.items():
        print_line(f"  {name.ljust(width)}  {value}")


def format_score(value: float | None) -> str:
    """Return a score with four decimals, from 1,000 on with one, or a dash where there is none."""
    if value is None or math.isnan(value):
        return "-"
    return f"{value:z.4f}" if abs(value) < _LARGE else f"{value:,.1f}"


def format_metric(name: str, value: float | None) -> str:
    """Return a metric as it is read: a count as a whole number, a score with four decimals."""
    counts = ("samples", "parameters")
    is_count = isinstance(value, int) or (value is not None and name.endswith(counts) and value % 1 == 0)
    return f"{int(value or 0):,}" if is_count else format_score(value)


def short_path(path: Path) -> str:
    """Return a path as seen from the current folder, if it is below it."""
    try:
        return str(path.absolute().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def write_file(path: Path, content: bytes, *, what: str) -> None:
    """Write a file, whose folder is made where it is missing, and say ``what`` it holds on standard error.

    Raises:
        OSError: It can't be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    print_line(f"{what} written to {short_path(path)}", on=status_console)
