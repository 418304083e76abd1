"""What a model must know of data of several variants: plain facts that a checkpoint carries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import Field, FiniteFloat, NonNegativeInt, PositiveInt

from nested_lightning.app.data.data_spec import DataSpec, Facts
from nested_lightning.app.errors import UserError, did_you_mean
from nested_lightning.app.variant.pieces import PieceSpec
from nested_lightning.app.variant.sources.records import InputKind


@dataclass(frozen=True, kw_only=True)
class VariantSpec(Facts):
    """One variant: what its sequences consist of, and its classes.

    Attributes:
        name: Name of the variant, the input type of its batches.
        kind: What its sequences consist of.
        vocabulary: Characters or tokens, by index from 1; 0 stands for all others. Empty for vectors.
        pieces: What cuts its texts, where a pretrained encoder reads them without a vocabulary; else None.
        mean: Mean of each of the F features in the training part; empty for tokens.
        scale: Population standard deviation of each feature; 1 where it is constant.
        class_names: Name of each class, by class index.
        class_counts: Labels of each class in the training part, by class index.
        has_step_labels: Whether each step has a label, rather than each sequence.
        num_sequences: Sequences, or windows of them, in the training part.
        window: Steps of the windows that longer sequences are cut into; None: they stay whole.
        margin: Steps on each side of a window that are context alone.
        origin_hash: SHA-256 of what was read, where another machine may read something else; else None.
    """

    name: Annotated[str, Field(min_length=1)]
    kind: InputKind
    vocabulary: tuple[str, ...] = ()
    pieces: PieceSpec | None = None
    mean: tuple[FiniteFloat, ...] = ()
    scale: tuple[Annotated[FiniteFloat, Field(gt=0)], ...] = ()
    class_names: Annotated[tuple[str, ...], Field(min_length=2)]
    class_counts: tuple[NonNegativeInt, ...]
    has_step_labels: bool
    num_sequences: NonNegativeInt
    window: PositiveInt | None = None
    margin: NonNegativeInt = 0
    origin_hash: str | None = None

    @property
    def in_features(self) -> int:
        """Width of a vector, F, or the number of indices of tokens or pieces, including that of none."""
        if self.pieces is not None:
            return self.pieces.num_pieces + 1
        return len(self.mean) if self.kind == "vectors" else len(self.vocabulary) + 1


@dataclass(frozen=True, kw_only=True)
class VariantDataSpec(DataSpec):
    """Everything that turns sequences into batches and class indices back into names."""

    family: ClassVar[str] = "variant"

    variants: Annotated[tuple[VariantSpec, ...], Field(min_length=1)]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the variants."""
        return tuple(variant.name for variant in self.variants)

    def find(self, name: str) -> VariantSpec:
        """Return the variant of this name.

        Raises:
            UserError: There is none; the message lists them.
        """
        for variant in self.variants:
            if variant.name == name:
                return variant
        raise unknown_variant(name, self.names)


def unknown_variant(name: str, known: tuple[str, ...]) -> UserError:
    """Return the error that lists the known variants."""
    return UserError(f"unknown variant '{name}'{did_you_mean(name, known)} (known: {', '.join(known)})")
