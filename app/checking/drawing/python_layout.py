"""Lays out expressions of Python in lines of limited length."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

COLUMNS = 100
_STEP = 4


@dataclass(frozen=True)
class Text:
    """A literal text, which may be written in several pieces."""

    value: str


@dataclass(frozen=True)
class Bracketed:
    """A call or a collection: each item comes with what stands before it, e.g. ``in_features=``."""

    opening: str
    items: Sequence[tuple[str, "Node"]]
    closing: str


Node = str | Text | Bracketed
"""An expression; a string is written as it is."""


def lay_out(node: Node, *, indent: int, before: int, after: int = 1) -> str:
    """Return the lines of an expression, without the indentation of the first.

    Args:
        node: The expression.
        indent: Columns by which the line is indented that it begins in.
        before: Columns that are taken in this line.
        after: Columns that are needed after it.
    """
    flat = _flat(node)
    if isinstance(node, str) or before + len(flat) + after <= COLUMNS:
        return flat
    inner = indent + _STEP
    if isinstance(node, Text):
        lines = [quoted(piece) for piece in _pieces(node.value, COLUMNS - inner - 2)]
        opening, closing = "(", ")"
    else:
        lines = [*_lines(node, inner)]
        opening, closing = node.opening, node.closing
    return "\n".join([opening, *(" " * inner + line for line in lines), " " * indent + closing])


def _lines(node: Bracketed, indent: int) -> Iterator[str]:
    """Yield an item in each line; of a collection as many as there is room for."""
    is_filled = len(node.opening) == 1 and not any(isinstance(item, Bracketed) for _, item in node.items)
    line = ""
    for prefix, item in node.items:
        shown = prefix + lay_out(item, indent=indent, before=indent + len(prefix)) + ","
        if line and is_filled and "\n" not in shown and indent + len(line) + 1 + len(shown) <= COLUMNS:
            line = f"{line} {shown}"
            continue
        if line:
            yield line
        line = shown
    yield line


def quoted(text: str) -> str:
    """Return a text as it is written in Python, between double quotes where that needs no escaping."""
    shown = repr(text)
    return f'"{shown[1:-1]}"' if '"' not in text else shown


def _flat(node: Node) -> str:
    if isinstance(node, str):
        return node
    if isinstance(node, Text):
        return quoted(node.value)
    inner = ", ".join(prefix + _flat(item) for prefix, item in node.items)
    is_single = node.opening == "(" and len(node.items) == 1
    return f"{node.opening}{inner}{',' if is_single else ''}{node.closing}"


def _pieces(text: str, columns: int) -> Iterator[str]:
    while text:
        length = len(text[:columns])
        while len(quoted(text[:length])) > columns and length > 1:
            length -= 1
        yield text[:length]
        text = text[length:]
