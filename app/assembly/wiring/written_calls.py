"""How a call is written in the file of a wiring function, for messages."""

import ast
import inspect
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
    position = inspect.getframeinfo(frame).positions
    try:
        lines, _ = inspect.findsource(frame)
        nodes = ast.walk(ast.parse("".join(lines)))
    except (OSError, SyntaxError):
        return WrittenCall(place)
    calls = (node for node in nodes if isinstance(node, ast.Call) and _span(node) == position)
    words = (word for call in calls for word in call.keywords)
    return WrittenCall(place, {word.arg: ast.unparse(word.value) for word in words if word.arg})


def _caller() -> FrameType | None:
    """Return the frame that called the part, outside this package."""
    frame = inspect.currentframe()
    while frame is not None and frame.f_globals.get("__package__") == __package__:
        frame = frame.f_back
    return frame


def _span(node: ast.Call) -> tuple[int, int | None, int, int | None]:
    return node.lineno, node.end_lineno, node.col_offset, node.end_col_offset
