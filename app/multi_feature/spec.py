"""What a model must know of data in several feature groups: plain facts that a checkpoint carries."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field, FiniteFloat

from nested_lightning.app.data.data_spec import DataSpec
from nested_lightning.app.multi_feature.targets.specs import AnyTarget, targets_by_column

MissingPolicy = Literal["error", "mean", "drop"]


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

    @cached_property
    def width(self) -> int:
        """Number of features of the group, F_g."""
        return sum(column.width for column in self.columns)

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

    groups: Annotated[tuple[GroupSpec, ...], Field(min_length=1)]
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
    def column_names(self) -> dict[str, tuple[str, ...]]:
        """Names of the columns of each group, by the group's name."""
        return {group.name: tuple(column.name for column in group.columns) for group in self.groups}

    @property
    def categorical(self) -> tuple[str, ...]:
        """Names of the categorical columns, which ``read_table`` should read as text."""
        columns = (column for group in self.groups for column in group.columns)
        return tuple(column.name for column in columns if column.categories is not None)
