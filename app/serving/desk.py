"""How a family answers over HTTP: how requests are read, computed and described."""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from typing import Any, Protocol

Answer = Mapping[str, Any]
"""What is said of one row: plain values that JSON has."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Limits of a request: bytes of its body, rows, pictures and pixels of each, rows computed at once."""

    max_body_size: int = 16 << 20
    max_rows: int = 100_000
    max_pictures: int = 256
    max_pixels: int = 25_000_000
    max_batch_size: int = 64


@dataclass(frozen=True, kw_only=True)
class Upload:
    """A file that was sent, as the client calls it."""

    name: str
    content: bytes


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request, read within the limits, of a content type that the desk takes.

    A form has no body, but fields and files by name; the options stand in the query.
    """

    content_type: str
    body: bytes = b""
    fields: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, Sequence[Upload]] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Part:
    """What is computed at once: a request, or a piece of one that has more rows than a batch.

    Attributes:
        content: What the desk computes from.
        num_rows: How many answers there will be; None: it isn't known, and counts as one.
        key: Parts of the same key may be computed together; None: it is computed alone.
        weight: How many rows it counts for in batches and in the queue; 0: as many as it has.
    """

    content: Any
    num_rows: int | None
    key: Hashable = None
    weight: int = 0

    @property
    def size(self) -> int:
        """Rows that it counts for in batches and in the queue."""
        return self.weight or self.num_rows or 1


@dataclass(frozen=True, kw_only=True)
class Description:
    """A model's requests and answers, described for people, forms and OpenAPI.

    Attributes:
        inputs: What it takes, as its family says it, and ``answers`` what it gives.
        bodies: JSON schema of a body by its content type.
        answer: JSON schema of one answer.
        options: JSON schemas of what may stand in the query, by name.
        example: A body of JSON that is answered; None: it takes none.
        formats: Other content types that all answers of a request can be given in, by what makes them.
    """

    inputs: Mapping[str, Any]
    answers: Mapping[str, Any]
    bodies: Mapping[str, Mapping[str, Any]]
    answer: Mapping[str, Any]
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    example: Any = None
    formats: Mapping[str, Callable[[Sequence[Answer]], bytes]] = field(default_factory=dict)


def split_answers(answers: Sequence[Answer], num_rows: Iterable[int]) -> list[Sequence[Answer]]:
    """Return the answers of parts that were computed together, part by part.

    Raises:
        RuntimeError: There are not as many.
    """
    ends = [0, *accumulate(num_rows)]
    if len(answers) != ends[-1]:
        raise RuntimeError(f"there are {len(answers)} answers for {ends[-1]} rows")
    return [answers[start:end] for start, end in pairwise(ends)]


class Desk(Protocol):
    """Where a model's requests are read and answered; it may be read from many threads at once."""

    def describe(self, limits: Limits) -> Description:
        """Describe requests and answers."""

    def read(self, asked: Asked, limits: Limits) -> Sequence[Part]:
        """Return the parts to compute, with rows in order, checked so that only the model itself can fail.

        Raises:
            Problem: The request is wrong.
            UserError: The same, where no row and field are known.
        """

    def compute(self, contents: Sequence[Any]) -> Sequence[Sequence[Answer]]:
        """Return the answers of parts with the same key; called from one thread.

        Raises:
            UserError: One of the parts can't be answered.
        """

    def example(self, limits: Limits) -> Sequence[Part]:
        """Return the parts with which a model is tried before it is ready."""
