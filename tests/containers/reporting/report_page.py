"""What a report says, as a program reads it: headings, tables, charts, words."""

import re
from html.parser import HTMLParser
from pathlib import Path

VOID = {"meta", "img", "br", "link", "input"}


class ReportPage(HTMLParser):
    """The tables of a page by their captions, its text, its tags and attributes.

    Args:
        file: The page.
    """

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.source = file.read_bytes().decode()
        self.tables: dict[str, list[list[str]]] = {}
        self.words: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self._open: list[str] = []
        self._rows: list[list[str]] = []
        self._caption = ""
        self.feed(self.source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in VOID:
            self._open.append(tag)
        if tag == "table":
            self._rows, self._caption = [], ""
        elif tag == "tr":
            self._rows.append([])
        elif tag in ("th", "td"):
            self._rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass
        if tag == "table":
            self.tables[self._caption] = self._rows

    def handle_data(self, data: str) -> None:
        if "style" in self._open:
            return
        self.words.append(data)
        if "caption" in self._open:
            self._caption += data
        elif self._rows and self._open and self._open[-1] in ("th", "td"):
            self._rows[-1][-1] += data

    @property
    def text(self) -> str:
        """All that is written."""
        return " ".join(self.words)

    @property
    def headings(self) -> list[str]:
        """Titles of the sections."""
        return re.findall(r'<li><a href="#section-\d+">([^<]*)</a>', self.source)

    @property
    def problems(self) -> list[str]:
        """What is missing or failed."""
        return re.findall(r'class="problem">([^<]*)', self.source)

    def table(self, start: str) -> list[list[str]]:
        """Return the rows below the head of the table whose caption begins so."""
        return self._rows_of(start)[1:]

    def column(self, start: str, column: str) -> dict[str, str]:
        """Return one column of that table by its rows' names."""
        found = self._rows_of(start)
        place = found[0].index(column)
        return {row[0]: row[place] for row in found[1:]}

    def _rows_of(self, start: str) -> list[list[str]]:
        (found,) = (rows for caption, rows in self.tables.items() if caption.startswith(start))
        return found
