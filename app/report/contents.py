"""What stands in a report: sections, and in these texts, tables, charts, pictures and marked texts."""

import logging
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from nested_lightning.app.errors import UserError
from nested_lightning.app.report.privacy import without_places

_logger = logging.getLogger("nested_lightning")

MAX_ROWS = 200
"""Rows of a table that are shown; a note says how many there are."""


@dataclass(frozen=True, kw_only=True)
class Text:
    """A paragraph, shown literally; ``is_problem``: it says that something is missing or failed."""

    kind: ClassVar = "text"
    text: str
    is_problem: bool = False


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table, whose first column is a name.

    Attributes:
        rows: Texts, numbers, or None for an empty cell.
        num_rows: How many rows there are, where ``rows`` has only the first ones.
    """

    kind: ClassVar = "table"
    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
    note: str = ""
    num_rows: int = 0

    @property
    def shown(self) -> Sequence[Sequence[str]]:
        """The first rows, as texts."""
        return [[as_text(value) for value in row] for row in self.rows[:MAX_ROWS]]

    @property
    def notes(self) -> list[str]:
        """What there is to say, and how many rows are left out."""
        num = max(self.num_rows, len(self.rows))
        left_out = [f"The first {MAX_ROWS:,} of {num:,} rows are shown."] if num > MAX_ROWS else []
        return [*filter(None, [self.note]), *left_out]


@dataclass(frozen=True, kw_only=True)
class Matrix:
    """How often each class is taken for which: counts in a row for each true class, by predicted class."""

    kind: ClassVar = "matrix"
    title: str
    names: Sequence[str]
    counts: Sequence[Sequence[int]]

    @property
    def rows(self) -> list[tuple[str, list[tuple[str, float]]]]:
        """Name, counts as texts, and their shares of the row."""
        return [
            (name, [(as_text(count), count / max(sum(row), 1)) for count in row])
            for name, row in zip(self.names, self.counts, strict=True)
        ]


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A chart.

    Attributes:
        description: What it shows, for readers who can't see it.
        svg: The drawing, without ``<?xml``; empty: there is nothing to draw, as the notes say.
        table: Its numbers; None: another table of the section has them.
        notes: What was left out, sampled or couldn't be drawn.
        is_scrolled: Whether it is as large as it is, and has its description as a text beside it.
    """

    kind: ClassVar = "chart"
    title: str
    description: str
    svg: str
    table: Table | None = None
    notes: Sequence[str] = ()
    is_scrolled: bool = False


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A picture file in a report.

    Attributes:
        content: The bytes of a PNG file.
        alt: What it shows, for readers who can't see it.
        caption: Pairs of a word, or of several, and whether it is marked as wrong.
    """

    content: bytes
    alt: str
    caption: Sequence[tuple[str, bool]] = ()

    @property
    def address(self) -> str:
        """The picture as an address that holds it."""
        return f"data:image/png;base64,{b64encode(self.content).decode()}"


@dataclass(frozen=True, kw_only=True)
class Pictures:
    """Pictures side by side."""

    kind: ClassVar = "pictures"
    title: str
    pictures: Sequence[Picture]
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class MarkedLines:
    """Texts in colours.

    Attributes:
        classes: All classes, which are listed with their colours.
        lines: Each a title, and its pieces: text, index of its class, and what was right where that is wrong.
    """

    kind: ClassVar = "marked"
    title: str
    classes: Sequence[str]
    lines: Sequence[tuple[str, Sequence[tuple[str, int, str]]]]
    note: str = ""


def table_of(title: str, of: str, columns: Mapping[str, Mapping[str, Any]], note: str = "") -> Table:
    """Return a table of columns, each of which holds values by the names of rows, which are names ``of``.

    A row that a column lacks has an empty cell there.
    """
    names = dict.fromkeys(name for column in columns.values() for name in column)
    rows = [[name, *(column.get(name) for column in columns.values())] for name in names]
    return Table(title=title, columns=[of, *columns], rows=rows, note=note)


def by_column(rows: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return rows as the columns that `table_of` takes."""
    columns = dict.fromkeys(column for row in rows.values() for column in row)
    return {column: {name: row.get(column) for name, row in rows.items()} for column in columns}


Block = Text | Table | Matrix | Chart | Pictures | MarkedLines
SectionMaker = Callable[[], Sequence[Block]]


@dataclass(frozen=True, kw_only=True)
class Section:
    """A part of a report; ``run`` names the one that it is of, where there are several."""

    title: str
    blocks: Sequence[Block]
    run: str = ""


def make_sections(makers: Mapping[str, SectionMaker]) -> list[Section]:
    """Return the sections by title; one that fails says so, and leaves the others as they are."""
    return [Section(title=title, blocks=_made(title, maker)) for title, maker in makers.items()]


def _made(title: str, maker: SectionMaker) -> Sequence[Block]:
    try:
        return maker()
    except Exception as error:  # whatever a stranger's section, or a damaged file, does
        _logger.debug("report: section %s failed", title, exc_info=True)
        name = "" if isinstance(error, UserError) else f"{type(error).__name__}: "
        said = without_places(f"{name}{' '.join(str(error).split())}")
        return [Text(text=f"This section could not be made: {said}", is_problem=True)]


def as_text(value: Any) -> str:
    """Return a cell's text: numbers with six digits, what isn't finite by its name."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.0f}" if value.is_integer() and abs(value) < 1e15 else f"{value:,.6g}"
    return f"{value:,}" if isinstance(value, int) else str(value)
