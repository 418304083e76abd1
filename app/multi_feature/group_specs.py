"""What a model must know of a group of columns: the facts of one sort of group each.

Every sort says what its extractor is given: ``width`` as ``in_features``, what is ``wired`` besides, and for
each row a tensor of its ``layout``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, TypeAlias

from pydantic import ConfigDict, Discriminator, Field, FiniteFloat, PositiveInt, Tag

from nested_lightning.app.pictures.decoding import Fit, Interpolation, Squaring

Sort: TypeAlias = Literal["date", "text", "tokens", "sequence", "picture"]
"""Of a column that is neither of numbers nor of categories; tokens are text, read by a tokenizer."""

DATE_FEATURES = ("elapsed", "year sin", "year cos", "week sin", "week cos", "day sin", "day cos")
"""Time that has elapsed, standardised, and where in the year, the week and the day it is."""

UNKNOWN_WORD, FIRST_WORD = 1, 2
"""Ids of a word that the training never saw, and of its most frequent one; 0 is no word."""


class Layout(NamedTuple):
    """What a row of a group is in memory.

    Attributes:
        shape: Its shape.
        dtype: Type of its numbers.
    """

    shape: tuple[int, ...]
    dtype: Literal["float32", "int32", "uint8"] = "float32"

    @property
    def num_bytes(self) -> int:
        """Bytes of a row."""
        return prod(self.shape) * (1 if self.dtype == "uint8" else 4)


@dataclass(frozen=True, kw_only=True)
class ColumnSpec:
    """One column of the file and how it becomes numbers.

    Attributes:
        name: The column's name in the file.
        mean: Mean of the training part; 0 for a categorical column.
        scale: Population standard deviation of the training part; 1 for a constant or categorical column.
        categories: Values of a categorical column, one feature each; None for a numeric column.
        is_date: Whether its numbers are seconds since 1970, which become `DATE_FEATURES`.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    name: str
    mean: FiniteFloat = 0.0
    scale: Annotated[FiniteFloat, Field(gt=0)] = 1.0
    categories: tuple[str, ...] | None = None
    is_date: bool = False

    @property
    def width(self) -> int:
        """Number of features that the column becomes."""
        return len(self.feature_names)

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Names of these features."""
        if self.is_date:
            return tuple(f"{self.name} {part}" for part in DATE_FEATURES)
        return (self.name,) if self.categories is None else tuple(f"{self.name}={c}" for c in self.categories)


@dataclass(frozen=True, kw_only=True)
class GroupSpec:
    """A named group of columns, which one feature extractor reads."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    name: str
    columns: Annotated[tuple[ColumnSpec, ...], Field(min_length=1)]
    sort: Literal["columns"] = "columns"

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names of the columns."""
        return tuple(column.name for column in self.columns)

    @cached_property
    def width(self) -> int:
        """Number of features of the group, F_g."""
        return sum(column.width for column in self.columns)

    @property
    def layout(self) -> Layout:
        """A row's features: float32 of [F_g]."""
        return Layout((self.width,))

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Names of the features: those of columns, and of their categories."""
        return tuple(name for column in self.columns for name in column.feature_names)

    @property
    def num_columns(self) -> dict[str, int]:
        """Number of columns of each sort, by its name."""
        num_dates = sum(column.is_date for column in self.columns)
        num_categorical = sum(column.categories is not None for column in self.columns)
        num_numbers = len(self.columns) - num_categorical - num_dates
        return {"number": num_numbers, "category column": num_categorical, "date": num_dates}

    @property
    def wired(self) -> dict[str, int]:
        """Further keywords of an extractor, besides ``in_features``: none."""
        return {}


@dataclass(frozen=True, kw_only=True)
class OneColumnSpec:
    """A group of one column, which has a sort of its own.

    Attributes:
        name: The group's name.
        column: The column's name in the file.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    name: str
    column: str

    @property
    def columns(self) -> tuple[ColumnSpec, ...]:
        """Columns of numbers and categories: none."""
        return ()

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
            size=self.size,
            fit=self.fit,
            interpolation=self.interpolation,
            crop_fraction=self.crop_fraction,
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
    def num_columns(self) -> dict[str, int]:
        """One column of pictures."""
        return {"picture column": 1}

    @property
    def wired(self) -> dict[str, int]:
        """Further keywords of an extractor, besides ``in_features``."""
        return {"picture_size": self.size}


@dataclass(frozen=True, kw_only=True)
class TextGroupSpec(OneColumnSpec):
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
    def layout(self) -> Layout:
        """The ids of a row's words, int32 of [L]; 0 where there is no further one."""
        return Layout((self.max_length,), "int32")

    @property
    def feature_names(self) -> tuple[str, ...]:
        """What each id stands for."""
        return ("", "unknown", *self.words)

    @property
    def num_columns(self) -> dict[str, int]:
        """One column of text."""
        return {"text column": 1}

    @property
    def wired(self) -> dict[str, int]:
        """Further keywords of an extractor, besides ``in_features``."""
        return {"max_length": self.max_length}


@dataclass(frozen=True, kw_only=True)
class TokenGroupSpec(OneColumnSpec):
    """A column of text, which a pretrained extractor reads token by token.

    Attributes:
        tokenizer: A tokenizer of the library tokenizers, as JSON.
        num_tokens: Tokens that it knows.
        max_length: L, tokens of a row; what is longer is cut.
    """

    tokenizer: Annotated[str, Field(min_length=1)]
    num_tokens: PositiveInt
    max_length: PositiveInt
    sort: Literal["tokens"] = "tokens"

    @property
    def width(self) -> int:
        """Number of different tokens, and 1 for none."""
        return 1 + self.num_tokens

    @property
    def layout(self) -> Layout:
        """The ids of a row's tokens, and 1, int32 of [L]; 0 where there is no further one."""
        return Layout((self.max_length,), "int32")

    @property
    def feature_names(self) -> tuple[str, ...]:
        """What each id stands for: only the tokenizer knows."""
        return ()

    @property
    def num_columns(self) -> dict[str, int]:
        """One column of text."""
        return {"text column": 1}

    @property
    def wired(self) -> dict[str, int]:
        """Further keywords of an extractor, besides ``in_features``."""
        return {"max_length": self.max_length}


@dataclass(frozen=True, kw_only=True)
class SequenceGroupSpec(OneColumnSpec):
    """A column of lists of numbers, which one feature extractor reads step by step.

    Attributes:
        mean: Mean of all numbers in the training part.
        scale: Their population standard deviation; 1 where they are constant.
        num_steps: L, steps of a row; what is longer is cut.
    """

    mean: FiniteFloat
    scale: Annotated[FiniteFloat, Field(gt=0)]
    num_steps: PositiveInt
    sort: Literal["sequence"] = "sequence"

    @property
    def width(self) -> int:
        """Numbers of a step: its value, standardised, and 1 where there is such a step."""
        return 2

    @property
    def layout(self) -> Layout:
        """The steps of a row, float32 of [L, 2]; 0 where there is no further one."""
        return Layout((self.num_steps, self.width))

    @property
    def feature_names(self) -> tuple[str, ...]:
        """What the numbers of a step are."""
        return ("value", "is there")

    @property
    def num_columns(self) -> dict[str, int]:
        """One column of lists."""
        return {"list column": 1}

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
