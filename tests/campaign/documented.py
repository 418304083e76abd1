"""The tables of a page of ours, as what a test expects."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tests.command_line import PROJECT

_EXACTLY = "`resume` is exact"


@dataclass(frozen=True)
class Documented:
    """What docs/training.md says of a thing of Lightning's.

    Attributes:
        name: The first of its names.
        not_in: Families in which it is refused; ``all``: in each of them.
        goes_on: ``yes``: exactly; ``no``: it does, and nothing is promised; else it doesn't.
    """

    name: str
    not_in: tuple[str, ...]
    goes_on: str

    def is_refused_in(self, family: str) -> bool:
        """Return whether the family can't have it."""
        return "all" in self.not_in or family in self.not_in


def documented(header: str) -> dict[str, Documented]:
    """Return what the table whose first column has this header says, by name."""
    rows = (Documented(name, *_columns(row)) for row in _rows(header) for name in _quoted(row[header]))
    return {row.name: row for row in rows}


def _columns(row: Mapping[str, str]) -> tuple[tuple[str, ...], str]:
    return (*_quoted(row["not in"]), *re.findall(r"^all$", row["not in"])), row[_EXACTLY]


def _quoted(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def _rows(header: str) -> Iterator[dict[str, str]]:
    lines = iter((PROJECT / "docs" / "training.md").read_text().splitlines())
    names = next(cells for cells in map(_cells, lines) if cells[0] == header and "not in" in cells)
    next(lines)
    for line in lines:
        if not line.startswith("|"):
            return
        yield dict(zip(names, _cells(line), strict=True))


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]
