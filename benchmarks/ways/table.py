"""From answers to a table: a row for each question, a column for each way; for a terminal, or as Markdown."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from rich.table import Table

from benchmarks.ways.lines import code_lines
from benchmarks.ways.questions import Misspelt, Opened, Resumed
from benchmarks.ways.way import WAYS, Way


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What was found out about a way.

    Attributes:
        way: Which.
        seconds: From the start to the first step, of each run.
        ratios: To those of plain Lightning in the same round.
        misspelt: What it says to a misspelt setting, of each run.
        double: What `probe.double` found.
        opened: How its checkpoints open.
        resumed: How it goes on after a kill.
    """

    way: Way
    seconds: Sequence[float]
    ratios: Sequence[float]
    misspelt: Sequence[Misspelt]
    double: dict[str, Any]
    opened: Opened
    resumed: Resumed


def _files(answers: Answers) -> str:
    paths = [WAYS / answers.way.folder / name for name in answers.way.files]
    return f"{len(paths)}, {sum(map(code_lines, paths))}"


def _resumed(answers: Answers) -> str:
    control, resumed = answers.resumed.control, answers.resumed.resumed
    if not control.is_none:
        return "two whole trainings differ"
    if resumed.is_none:
        return "yes"
    if resumed.steps[0] != resumed.steps[1]:
        return f"no: {resumed.steps[1]} steps instead of {resumed.steps[0]}"
    return (
        f"no: {resumed.num_different} of {resumed.num_tensors} tensors differ, by up to {resumed.largest:.3f}"
    )


def _yes(value: bool | None) -> str:
    return "it names none" if value is None else "yes" if value else "no"


def _spread(values: Sequence[float]) -> str:
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


ROWS: dict[str, Callable[[Answers], str]] = {
    "files, lines": _files,
    "start to first step, s": lambda answers: _spread(answers.seconds),
    "times plain Lightning's": lambda answers: _spread(answers.ratios),
    "misspelt name: exit status": lambda answers: str(answers.misspelt[0].status),
    "… s until it says so": lambda answers: _spread([one.duration_s for one in answers.misspelt]),
    "… lines printed": lambda answers: str(answers.misspelt[0].num_lines),
    "… the right name among them": lambda answers: _yes(answers.misspelt[0].names_right_one),
    "double: lines": lambda answers: str(answers.double["num_lines"]),
    "… a step calls it": lambda answers: _yes(answers.double["is_called"]),
    "… first weights of the rest as before": lambda answers: _yes(answers.double["are_siblings_equal"]),
    "… another width fits": lambda answers: _yes(answers.double["takes_other_width"]),
    "checkpoint opens: file alone": lambda answers: _yes(answers.opened.alone),
    "… in its run's folder": lambda answers: _yes(answers.opened.in_run),
    "… a hostile pickle is executed": lambda answers: _yes(answers.opened.runs_pickle),
    "… a class that it names is imported": lambda answers: _yes(answers.opened.imports_foreign),
    "resumes exactly": _resumed,
}


def cells(found: Sequence[Answers]) -> list[list[str]]:
    """Return the head and the rows."""
    head = ["", *(answers.way.name for answers in found)]
    return [head, *([title, *map(cell, found)] for title, cell in ROWS.items())]


def as_table(found: Sequence[Answers]) -> Table:
    """Return the table for a terminal."""
    head, *rows = cells(found)
    table = Table(*head)
    for row in rows:
        table.add_row(*row)
    return table


def as_markdown(found: Sequence[Answers]) -> str:
    """Return the table as Markdown, and below it what each says to a misspelt name."""
    head, *rows = cells(found)
    lines = [_line(row) for row in (head, ["---"] * len(head), *rows)]
    return "\n".join([*lines, "", "```", messages(found), "```", ""])


def messages(found: Sequence[Answers]) -> str:
    """Return what each says to a misspelt name."""
    blocks = []
    for answers in found:
        text = "\n".join(f"  {line}" for line in answers.misspelt[0].message.splitlines())
        blocks.append(f"{answers.way.name}: … {answers.way.misspelt}\n{text}")
    return "\n".join(blocks)


def _line(row: Sequence[str]) -> str:
    return f"| {' | '.join(row)} |".replace("|  |", "| |", 1)
