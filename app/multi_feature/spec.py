"""What a model must know of data in several feature groups: plain facts that a checkpoint carries."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

from pydantic import ConfigDict, Discriminator, Field, FiniteFloat, PositiveInt, Tag

from nested_lightning.app.data.data_spec import DataSpec
from nested_lightning.app.multi_feature.targets.specs import AnyTarget, targets_by_column
from nested_lightning.app.pictures.decoding import Fit

MissingPolicy = Literal["error", "mean", "drop"]


class Layout(NamedTuple):
    """What a row of a group is in memory.

    Attributes:
        shape: Its shape.
        dtype: Type of its numbers.
    """

    shape: tuple[int, ...]
    dtype: Literal["float32", "uint8"] = "float32"

    @property
    def num_bytes(self) -> int:
        """Bytes of a row."""
        return prod(self.shape) * (4 if self.dtype == "float32" else 1)


@dataclass(frozen=True, kw_only=True)
class ColumnSpec:
    """One column of the file and how it becomes numbers.

    Attributes:
        name: The column's name in the file.
        mean: Mean of the training part; 0 for a categorical column.
        scale: Population standard deviation of the training part; 1 for a constant or categorical column.
        categories: Values of a categorical column, one feature each; None for a numeric column.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    name: str
    mean: FiniteFloat = 0.0
    scale: Annotated[FiniteFloat, Field(gt=0)] = 1.0
    categories: tuple[str, ...] | None = None

    @property
    def width(self) -> int:
        """Number of features that the column becomes."""
        return 1 if self.categories is None else len(self.categories)


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
        return tuple(
            column.name if category is None else f"{column.name}={category}"
            for column in self.columns
            for category in column.categories or (None,)
        )

    @property
    def num_columns(self) -> dict[str, int]:
        """Number of columns of each sort, by its name."""
        num_categorical = sum(column.categories is not None for column in self.columns)
        return {"number": len(self.columns) - num_categorical, "category column": num_categorical}


@dataclass(frozen=True, kw_only=True)
class PictureGroupSpec:
    """A column of pictures, which one feature extractor reads.

    Attributes:
        name: The group's name.
        column: The column's name in the file.
        size: S, pixels to a side.
        fit: How a picture becomes square.
        mean: Mean of each channel in the training part, of values from 0 to 1; one channel is grey.
        scale: Population standard deviation of each channel; 1 where it is constant.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    name: str
    column: str
    size: PositiveInt
    fit: Fit
    mean: Annotated[tuple[FiniteFloat, ...], Field(min_length=1, max_length=3)]
    scale: Annotated[tuple[Annotated[FiniteFloat, Field(gt=0)], ...], Field(min_length=1, max_length=3)]
    sort: Literal["picture"] = "picture"

    @property
    def columns(self) -> tuple[ColumnSpec, ...]:
        """Columns of numbers and categories: none."""
        return ()

    @property
    def column_names(self) -> tuple[str, ...]:
        """The one column."""
        return (self.column,)

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


def _sort_of(group: Any) -> Any:
    """Return a group's sort; of older checkpoints, that of columns."""
    return group.get("sort", "columns") if isinstance(group, dict) else getattr(group, "sort", None)


AnyGroupSpec = Annotated[
    Annotated[GroupSpec, Tag("columns")] | Annotated[PictureGroupSpec, Tag("picture")],
    Discriminator(_sort_of),
]


@dataclass(frozen=True, kw_only=True)
class MultiFeatureDataSpec(DataSpec):
    """Everything that turns a table into batches and what a model says back into names and units.

    Attributes:
        groups: The groups in the order that batches and models keep.
        target: What is predicted.
        weight: Name of the column that says what each row counts in the loss; None: all count alike.
        missing: What happens to a missing value: ``error`` refuses the file, ``mean`` puts the mean of the
            training part (no category at all in a categorical column), ``drop`` leaves the row out.
        allow_missing_groups: Whether a sample may lack all values of a group.
    """

    family: ClassVar[str] = "multi-feature"

    groups: Annotated[tuple[AnyGroupSpec, ...], Field(min_length=1)]
    target: Annotated[AnyTarget, Field(discriminator="kind")]
    weight: str | None = None
    missing: MissingPolicy = "error"
    allow_missing_groups: bool = False

    @property
    def target_columns(self) -> tuple[str, ...]:
        """Names of the columns that are predicted."""
        return tuple(targets_by_column(self.target))

    @property
    def widths(self) -> dict[str, int]:
        """Number of features of each group, by name, in the groups' order."""
        return {group.name: group.width for group in self.groups}

    @property
    def layouts(self) -> dict[str, Layout]:
        """What a row of each group is in memory, by name, in the groups' order."""
        return {group.name: group.layout for group in self.groups}

    @property
    def column_names(self) -> dict[str, tuple[str, ...]]:
        """Names of the columns of each group, by the group's name."""
        return {group.name: group.column_names for group in self.groups}

    @property
    def categorical(self) -> tuple[str, ...]:
        """Names of the categorical columns, which ``read_table`` should read as text."""
        return tuple(column.name for column in self.categorical_columns)

    @property
    def categorical_columns(self) -> tuple[ColumnSpec, ...]:
        """The categorical columns of all groups."""
        groups = (group for group in self.groups if isinstance(group, GroupSpec))
        return tuple(one for group in groups for one in group.columns if one.categories is not None)

    @property
    def pictures(self) -> tuple[PictureGroupSpec, ...]:
        """The groups of pictures."""
        return tuple(group for group in self.groups if isinstance(group, PictureGroupSpec))
