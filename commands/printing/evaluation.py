"""How ``evaluate`` shows and writes scores."""

import csv
import io
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nested_lightning.app.strict_json import to_json
from nested_lightning.commands.printing.console import console, format_metric, print_line, print_table

_MAX_CLASSES = 12
"""Columns of a confusion matrix on a screen; of more classes, the most frequent confusions are shown."""

Row = tuple[str, Sequence[float]]
"""A name, and the numbers of the other columns."""


@dataclass(frozen=True)
class ScoreTable:
    """A part of a report as a table."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Row]

    def cells(self) -> Iterator[list[str]]:
        """Yield the rows as texts."""
        for name, values in self.rows:
            pairs = zip(self.columns[1:], values, strict=True)
            yield [name, *(format_metric(column, value) for column, value in pairs)]


def tables_of(report: Any, where: str) -> list[ScoreTable]:
    """Return the tables of an `EvaluationReport` of what ``where`` says."""
    count = f" ({report.num_samples} samples)" if report.num_samples else ""
    both = [report.scores, *([report.baseline] if report.baseline else [])]
    whole = ScoreTable(
        f"Scores on {where}{count}",
        ["score", "value", "baseline"][: 1 + len(both)],
        [(name, [one.get(name, math.nan) for one in both]) for name in report.scores],
    )
    parts = [
        ScoreTable(
            f"By {parts}",
            [parts, *next(iter(by_part.values()), {})],
            [(name, [*values.values()]) for name, values in by_part.items()],
        )
        for parts, by_part in report.breakdowns.items()
    ]
    return [whole, *parts, *(_confusion(name, one) for name, one in report.confusions.items())]


def print_report(report: Any, where: str) -> None:
    """Print the tables of a report; see `tables_of`."""
    for table in tables_of(report, where):
        print_table(table.title, table.columns, table.cells())
    for note in report.notes:
        print_line(("note: ", "bold"), note)
    console.print()


def _confusion(name: str, confusion: Any) -> ScoreTable:
    """Return the matrix; for many classes, the most frequent confusions."""
    of = f" of {name}" if name else ""
    names = confusion.class_names
    if len(names) <= _MAX_CLASSES:
        rows = [*zip(names, confusion.counts, strict=True)]
        return ScoreTable(f"Confusion matrix{of}: true classes in rows", ["class", *names], rows)
    most = [(f"{taken} for {true}", [count]) for true, taken, count in confusion.wrong[:_MAX_CLASSES]]
    return ScoreTable(f"Most frequent confusions{of}", ["predicted for true", "samples"], most)


def _to_csv(report: Any, where: str) -> str:
    """Return a row for each number: its table, its row, its column and itself."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["table", "row", "column", "value"])
    for table in tables_of(report, where):
        for name, values in table.rows:
            for column, value in zip(table.columns[1:], values, strict=True):
                writer.writerow([table.title, name, column, value])
    return file.getvalue()


def _to_markdown(report: Any, where: str) -> str:
    return "\n".join(_as_markdown(table) for table in tables_of(report, where))


def _as_markdown(table: ScoreTable) -> str:
    lines = [table.columns, ["---", *("---:" for _ in table.columns[1:])], *table.cells()]
    rows = (" | ".join(cell.replace("|", "\\|") for cell in line) for line in lines)
    return "\n".join([f"**{table.title}**", "", *(f"| {row} |" for row in rows), ""])


WRITERS: Mapping[str, Callable[[Any, str], str]] = {
    ".json": lambda report, _: f"{to_json(report.to_dict())}\n",
    ".csv": _to_csv,
    ".md": _to_markdown,
}
"""What writes a report of what was scored, by the ending of a file."""
