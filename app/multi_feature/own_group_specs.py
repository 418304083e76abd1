"""What a model must know of a group of one column that has a sort of its own: pictures, texts, sequences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Discriminator, Field, FiniteFloat, PositiveInt, Tag

from nested_lightning.app.data.data_spec import Facts
from nested_lightning.app.multi_feature.group_specs import ColumnSpec, GroupSpec, Layout
from nested_lightning.app.pictures.decoding import Fit, Interpolation, Squaring

UNKNOWN_WORD, FIRST_WORD = 1, 2
"""Ids of a word that the training never saw, and of its most frequent one; 0 is no word."""


@dataclass(frozen=True, kw_only=True)
class OneColumnSpec(Facts):
    """A group of one column, which has a sort of its own."""

    columns: ClassVar[tuple[ColumnSpec, ...]] = ()
    """Columns of numbers and categories: none."""

    name: str
    column: str

    @property
    def column_names(self) -> tuple[str, ...]:
        """The one column."""
        return (self.column,)


@dataclass(frozen=True, kw_only=True)
class PictureGroupSpec(OneColumnSpec):
    """A column of pictures, which one feature extractor reads.

    Attributes:
        size: S, pixels to a side.
        fit: How a picture becomes square.
        interpolation: How its pixels are made.
        crop_fraction: See `Squaring`.
        mean: Mean of each channel in the training part, of values from 0 to 1; one channel is grey.
        scale: Population standard deviation of each channel; 1 where it is constant.
    """

    num_columns: ClassVar[dict[str, int]] = {"picture column": 1}

    size: PositiveInt
    fit: Fit
    mean: Annotated[tuple[FiniteFloat, ...], Field(min_length=1, max_length=3)]
    scale: Annotated[tuple[Annotated[FiniteFloat, Field(gt=0)], ...], Field(min_length=1, max_length=3)]
    sort: Literal["picture"] = "picture"
    interpolation: Interpolation = "lanczos"
    crop_fraction: Annotated[FiniteFloat, Field(gt=0, le=1)] = 1.0

    @property
    def squaring(self) -> Squaring:
        """How a picture becomes square."""
        return Squaring(
            size=self.size, fit=self.fit, interpolation=self.interpolation, crop_fraction=self.crop_fraction
        )

    @property
    def width(self) -> int:
        """Number of channels, C."""
        return len(self.mean)

    @property
    def layout(self) -> Layout:
        """A picture: uint8 of [C, S, S]."""
        return Layout((self.width, self.size, self.size), "uint8")

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Names of the channels."""
        return ("grey",) if self.width == 1 else ("red", "green", "blue")

    @property
    def wired(self) -> dict[str, int]:
        """Further keywords of an extractor, besides ``in_features``."""
        return {"picture_size": self.size}


class ReadByIds:
    """What groups of text have in common: a row is L ids of what it is read by, one after another."""

    num_columns: ClassVar[dict[str, int]] = {"text column": 1}
    max_length: int

    @property
    def layout(self) -> Layout:
        """The ids of a row, int32 of [L]; 0 where there is no further one."""
        return Layout((self.max_length,), "int32")

    @property
    def wired(self) -> dict[str, int]:
        """Further keywords of an extractor, besides ``in_features``."""
        return {"max_length": self.max_length}


@dataclass(frozen=True, kw_only=True)
class TextGroupSpec(ReadByIds, OneColumnSpec):
    """A column of text, which one feature extractor reads word by word.

    Attributes:
        words: Those of the training part, the most frequent first; the ids of words begin with `FIRST_WORD`.
        max_length: L, ids of a row; what is longer is cut.
    """

    words: Annotated[tuple[str, ...], Field(min_length=1)]
    max_length: PositiveInt
    sort: Literal["text"] = "text"

    @property
    def width(self) -> int:
        """Number of different ids."""
        return FIRST_WORD + len(self.words)

    @property
    def feature_names(self) -> tuple[str, ...]:
        """What each id stands for."""
        return ("", "unknown", *self.words)


@dataclass(frozen=True, kw_only=True)
class TokenGroupSpec(ReadByIds, OneColumnSpec):
    """A column of text, which a pretrained extractor reads token by token; an id is the tokenizer's, and 1.

    Attributes:
        tokenizer: A tokenizer of the library tokenizers, as JSON.
        num_tokens: Tokens that it knows.
        max_length: L, tokens of a row; what is longer is cut.
    """

    feature_names: ClassVar[tuple[str, ...]] = ()
    """What each id stands for: only the tokenizer knows."""

    tokenizer: Annotated[str, Field(min_length=1)]
    num_tokens: PositiveInt
    max_length: PositiveInt
    sort: Literal["tokens"] = "tokens"

    @property
    def width(self) -> int:
        """Number of different tokens, and 1 for none."""
        return 1 + self.num_tokens


@dataclass(frozen=True, kw_only=True)
class SequenceGroupSpec(OneColumnSpec):
    """A column of lists of numbers, which one feature extractor reads step by step.

    Attributes:
        mean: Mean of all numbers in the training part.
        scale: Their population standard deviation; 1 where they are constant.
        num_steps: L, steps of a row; what is longer is cut.
    """

    num_columns: ClassVar[dict[str, int]] = {"list column": 1}
    feature_names: ClassVar[tuple[str, ...]] = ("value", "is there")
    """What the numbers of a step are: its value, standardised, and 1 where there is such a step."""
    width: ClassVar[int] = len(feature_names)

    mean: FiniteFloat
    scale: Annotated[FiniteFloat, Field(gt=0)]
    num_steps: PositiveInt
    sort: Literal["sequence"] = "sequence"

    @property
    def layout(self) -> Layout:
        """The steps of a row, float32 of [L, 2]; 0 where there is no further one."""
        return Layout((self.num_steps, self.width))

    @property
    def wired(self) -> dict[str, int]:
        """Further keywords of an extractor, besides ``in_features``."""
        return {"num_steps": self.num_steps}


def _sort_of(group: Any) -> Any:
    """Return a group's sort; of older checkpoints, that of columns."""
    return group.get("sort", "columns") if isinstance(group, dict) else getattr(group, "sort", None)


AnyGroupSpec = Annotated[
    Annotated[GroupSpec, Tag("columns")]
    | Annotated[PictureGroupSpec, Tag("picture")]
    | Annotated[TextGroupSpec, Tag("text")]
    | Annotated[TokenGroupSpec, Tag("tokens")]
    | Annotated[SequenceGroupSpec, Tag("sequence")],
    Discriminator(_sort_of),
]
