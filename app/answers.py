"""What predictors and evaluators are, what predictors give for files, and what is kept beside it."""

import csv
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from nested_lightning.app.errors import UserError, did_you_mean, name_list

if TYPE_CHECKING:
    from torch import nn

ModelT = TypeVar("ModelT", bound="nn.Module")
SpecT = TypeVar("SpecT")
PredictorT = TypeVar("PredictorT")
DataT = TypeVar("DataT")


class Predictor(Generic[ModelT, SpecT]):
    """Answers by a trained composite, preparing inputs as in its training.

    Args:
        model: The composite. It is put into evaluation mode.
        data_spec: The spec of the data that it was trained on.
        batch_size: Samples that go through it at once.
    """

    def __init__(self, *, model: ModelT, data_spec: SpecT, batch_size: int = 256) -> None:
        self.model: ModelT = model.eval()
        self.data_spec = data_spec
        self.batch_size = batch_size

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of a {type(self.model).__name__}>"


@dataclass(kw_only=True, eq=False)
class Evaluator(Generic[PredictorT, DataT]):
    """Scores a predictor's answers."""

    predictor: PredictorT
    datamodule: DataT


@dataclass(frozen=True, kw_only=True)
class MarkedText:
    """A text in which every character has a class; a span: its first, the one after its last, its class."""

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


def asked_names(keep: str) -> list[str]:
    """Return the names in ``keep``, which are written as in a line of CSV."""
    return [name.strip() for line in csv.reader([keep]) for name in line]


def kept_names(keep: str | None, there: Sequence[str], *, answers: Iterable[str]) -> list[str]:
    """Return which columns are kept.

    Args:
        keep: Names with commas between, as in a line of CSV, or ``*`` for all; None: no column.
        there: The columns of what is given.
        answers: The columns of the answers, which can't be kept besides.

    Raises:
        UserError: There is no such column, or an answer has its name.
    """
    if keep is None:
        return []
    taken = {*answers}
    if keep == "*":
        return [name for name in there if name not in taken]
    names = asked_names(keep)
    for name in names:
        if name not in there:
            raise UserError(
                f"there is no column '{name}' to keep{did_you_mean(name, there)}"
                f" (columns: {name_list(there)})"
            )
        if name in taken:
            raise UserError(f"column '{name}' can't be kept beside the answer of that name: rename it")
    return names
