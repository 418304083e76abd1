"""Tables in HTML, which a notebook shows in the place of a result's ``repr``."""

from collections.abc import Mapping
from html import escape


def html_table(title: str, rows: Mapping[str, Mapping[str, float]]) -> str:
    """Return a table of numbers by the names of rows and columns; a cell without one is empty."""
    columns = [*dict.fromkeys(column for row in rows.values() for column in row)]
    lines = [
        "".join(
            [_cell("th", name), *(_cell("td", f"{row[one]:.6g}" if one in row else "") for one in columns)]
        )
        for name, row in rows.items()
    ]
    head = "".join(_cell("th", column) for column in ("", *columns))
    body = "".join(f"<tr>{line}</tr>" for line in (head, *lines))
    return f"<table><caption>{escape(title)}</caption>{body}</table>"


def _cell(tag: str, text: str) -> str:
    return f"<{tag}>{escape(text)}</{tag}>"
