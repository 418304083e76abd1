"""A summary of the data, in a few lines, before a model is trained on them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import torch
from torch import Tensor

from nested_lightning.app.errors import counted

_MAX_SHOWN = 8
"""Items of one line."""


@dataclass(frozen=True, kw_only=True)
class DataSummary:
    """A summary of the data.

    Attributes:
        facts: Plain values by name: a text, a count, counts by name, several of these by name, or a shape.
        guesses: What nobody said and the data suggest; each names the setting that changes it.
    """

    facts: Mapping[str, Any]
    guesses: Sequence[str] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return plain data, e.g. for JSON."""
        return {**self.facts, **({"guesses": list(self.guesses)} if self.guesses else {})}

    def lines(self) -> dict[str, str]:
        """Return each fact as a person reads it, by its name."""
        return {name: _as_text(value) for name, value in self.facts.items()}

    def log_lines(self) -> Iterator[str]:
        """Yield a line for each fact and each guess."""
        yield from (f"{name}: {text}" for name, text in self.lines().items())
        yield from (f"guessed: {guess}" for guess in self.guesses)


def _as_text(value: Any) -> str:
    """Return ``1,797``, ``8 x 8``, ``train 1,200, val 300`` or ``size 2 numbers, colour 1 category``."""
    if isinstance(value, Mapping):
        return _shortened((f"{name} {_within(one)}" for name, one in value.items()), num=len(value))
    if isinstance(value, Sequence) and not isinstance(value, str):
        return " x ".join(map(str, value))
    return f"{value:,}" if isinstance(value, int) else str(value)


def _within(value: Any) -> str:
    if not isinstance(value, Mapping):
        return _as_text(value)
    return " + ".join(counted(number, noun) for noun, number in value.items() if number)


def _shortened(items: Iterable[str], *, num: int) -> str:
    if num <= _MAX_SHOWN + 1:
        return ", ".join(items)
    return f"{', '.join(islice(items, _MAX_SHOWN))} and {num - _MAX_SHOWN:,} more"


def counts_of(names: Sequence[str], indices: Iterable[Tensor | None]) -> dict[str, int]:
    """Return how often each name's index occurs in several tensors of one dimension."""
    counts = [one.bincount(minlength=len(names)) for one in indices if one is not None]
    return dict(zip(names, torch.stack(counts).sum(dim=0).tolist(), strict=True)) if counts else {}


def summary_of(datamodule: Any) -> DataSummary | None:
    """Return the summary of a datamodule of ours; None for any other, e.g. a test double."""
    summary = getattr(datamodule, "summary", None)
    return summary if isinstance(summary, DataSummary) else None
