"""Windows of long sequences: which steps are read together, and which of them count."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from nested_lightning.app.errors import UserError


@dataclass(frozen=True)
class Window:
    """A stretch of a sequence, and within it that of the steps whose labels count here.

    Steps count from the sequence's first; each ``stop`` is the one after the last.
    """

    start: int
    stop: int
    scored_start: int
    scored_stop: int


def check_window(window: int | None, margin: int) -> None:
    """Refuse margins that leave nothing of a window."""
    if window is not None and 2 * margin >= window:
        raise UserError(
            f"a margin of {margin} on both sides leaves nothing of a window of {window}:"
            " the window must be more than twice the margin"
        )


def cut_windows(length: int, *, window: int | None, margin: int) -> Iterator[Window]:
    """Yield windows in which every step of a sequence is scored exactly once.

    A scored step has at least ``margin`` steps of its sequence before and after it in its window, or all
    that there are. Windows are all of the same length, except that of a sequence which is shorter.

    Args:
        length: Steps of the sequence, at least 1.
        window: Steps of a window; None: the whole sequence is one.
        margin: Steps on each side of a window that are context alone; less than half of the window.
    """
    if window is None or length <= window:
        yield Window(0, length, 0, length)
        return
    scored = 0
    while scored < length:
        start = min(max(0, scored - margin), length - window)
        stop = start + window
        scored_stop = length if stop == length else stop - margin
        yield Window(start, stop, scored, scored_stop)
        scored = scored_stop


class Place(NamedTuple):
    """Where a window lies: in which sequence, and which of its steps."""

    sequence: int
    window: Window
