"""Sequences as a source gives them, before they are encoded for a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from nested_lightning.app.data.splits import PartName, Split, Splitter

InputKind = Literal["characters", "tokens", "vectors"]
"""What a sequence consists of: characters of a text, words of any kind, or vectors of numbers."""

Scaling = Literal["each", "all", "none"]
"""How vectors are standardised: each feature by its own statistics, all by common ones, or not at all."""

RawSequence = str | Sequence[str] | npt.NDArray[np.float32]
"""A text, a list of tokens, or vectors of [L, F]."""

Labels = npt.NDArray[np.int64]


class Origin(NamedTuple):
    """The file that a sequence comes from, if any, and its number or line in it, from 1."""

    file: str
    row: int


@dataclass(frozen=True, kw_only=True)
class SequenceRecords:
    """Sequences with their labels, all of one kind.

    Attributes:
        inputs: The sequences, each of at least one step.
        labels: Class indices for each sequence: [L], one for each step, or [1], one for all of it.
        origins: Where each sequence comes from; empty: they are numbered as they stand.
    """

    inputs: Sequence[RawSequence] = ()
    labels: Sequence[Labels] = ()
    origins: Sequence[Origin] = ()

    def __post_init__(self) -> None:
        if not self.origins:
            numbered = [Origin("", number) for number in range(1, len(self) + 1)]
            object.__setattr__(self, "origins", numbered)

    def __len__(self) -> int:
        return len(self.inputs)

    def select(self, indices: npt.NDArray[np.int64]) -> SequenceRecords:
        """Return some of the sequences, in this order."""
        chosen = indices.tolist()
        return replace(
            self,
            inputs=[self.inputs[i] for i in chosen],
            labels=[self.labels[i] for i in chosen],
            origins=[self.origins[i] for i in chosen],
        )

    def split(self, split: Split) -> dict[PartName, SequenceRecords]:
        """Return the sequences of each part."""
        return {name: self.select(rows) for name, rows in split.parts.items()}


@dataclass(frozen=True, kw_only=True)
class SourceContent:
    """Everything that a source gives; of what is in a `VariantSpec` too, see there."""

    kind: InputKind
    class_names: tuple[str, ...]
    has_step_labels: bool
    parts: Mapping[PartName, SequenceRecords]
    window: int | None = None
    margin: int = 0
    scaling: Scaling = "each"
    origin_hash: str | None = None


class SequenceSource(Protocol):
    """Where the sequences of a variant come from."""

    def __call__(
        self, variant: str, splitter: Splitter, class_names: tuple[str, ...] | None
    ) -> SourceContent:
        """Read and split the sequences; where the classes of a trained model aren't given, they are found.

        Raises:
            UserError: It can't be used; the message names file, line and variant.
        """
