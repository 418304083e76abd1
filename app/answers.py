"""What a predictor gives for files, and how it is written."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from nested_lightning.app.errors import UserError


@dataclass(frozen=True, kw_only=True)
class MarkedText:
    """A text in which every character has a class.

    Attributes:
        text: The text.
        spans: First character, the one after the last, and the class of all between them.
        class_names: All classes that there are.
    """

    text: str
    spans: Sequence[tuple[int, int, str]]
    class_names: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What a predictor gives.

    Attributes:
        noun: What is counted, e.g. ``captions``.
        count: How many there are.
        writers: For each format by name, a function that returns the content of a file.
        file_name: The file that is written where none is named; None: standard output.
        marked: Texts that a terminal shows in colours, in the place of the format ``text``.
    """

    noun: str
    count: int
    writers: Mapping[str, Callable[[], bytes]]
    file_name: str | None = None
    marked: Sequence[MarkedText] = ()

    def encode(self, format_: str) -> bytes:
        """Return the content of a file of this format.

        Raises:
            UserError: The answers can't be written so.
        """
        if format_ not in self.writers:
            raise UserError(f"{self.noun} can't be written as {format_}, but as {', '.join(self.writers)}")
        return self.writers[format_]()


def to_utf8(text: str) -> bytes:
    r"""Return a text in UTF-8; a byte of a file's name that is no UTF-8 stands there as ``\udcff``."""
    return text.encode(errors="backslashreplace")
