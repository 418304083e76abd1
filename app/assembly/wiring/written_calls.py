"""How a call is written in the file of a wiring function, for messages."""

import ast
import inspect
import textwrap
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType


@dataclass(frozen=True)
class WrittenCall:
    """One call as it is written: its place, e.g. ``my_file.py:12``, and its keywords' expressions."""

    place: str = ""
    arguments: dict[str, str] = field(default_factory=dict)

    def argument(self, name: str) -> str:
        """Return ``in_features=seen.out_features, my_file.py:12`` as far as it is known."""
        shown = f"{name}={self.arguments[name]}" if name in self.arguments else ""
        return ", ".join(filter(None, (shown, self.place)))


def written_call() -> WrittenCall:
    """Return the call of a part that is being made; an empty one where the source isn't available."""
    frame = _caller()
    if frame is None:
        return WrittenCall()
    place = f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}"
    try:
        lines, first = inspect.getsourcelines(frame.f_code)
        tree = ast.parse(textwrap.dedent("".join(lines)))
    except (OSError, SyntaxError, TypeError):
        return WrittenCall(place)
    position = [*frame.f_code.co_positions()][frame.f_lasti // 2]
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _span(node) == _moved(position, lines, first):
            return WrittenCall(
                place, {word.arg: ast.unparse(word.value) for word in node.keywords if word.arg}
            )
    return WrittenCall(place)


def _caller() -> FrameType | None:
    """Return the frame that called the part, outside this package."""
    frame = inspect.currentframe()
    while frame is not None and frame.f_globals.get("__package__") == __package__:
        frame = frame.f_back
    return frame


def _span(node: ast.Call) -> tuple[int, int | None, int, int | None]:
    return node.lineno, node.end_lineno, node.col_offset, node.end_col_offset


def _moved(
    position: tuple[int | None, ...], lines: list[str], first: int
) -> tuple[int | None, int | None, int | None, int | None]:
    """Return a position in a file as one in the function's own lines, without their common indentation."""
    line, end_line, column, end_column = position
    indentation = len(lines[0]) - len(lines[0].lstrip())
    if line is None or end_line is None or column is None or end_column is None:
        return None, None, None, None
    offset = max(first - 1, 0)
    return line - offset, end_line - offset, column - indentation, end_column - indentation
