"""What a model must know of data in several feature groups: plain facts that a checkpoint carries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, ClassVar, Literal, cast, get_args

from pydantic import Field

from nested_lightning.app.data.data_spec import DataSpec
from nested_lightning.app.multi_feature.group_specs import ColumnSpec, GroupSpec, Kind, Layout, Sort
from nested_lightning.app.multi_feature.own_group_specs import AnyGroupSpec, PictureGroupSpec
from nested_lightning.app.multi_feature.targets.several import AnyTarget, targets_by_column
from nested_lightning.app.multi_feature.targets.specs import Target

MissingPolicy = Literal["error", "mean", "drop"]


@dataclass(frozen=True, kw_only=True)
class MultiFeatureDataSpec(DataSpec):
    """Everything that turns a table into batches and what a model says back into names and units.

    Attributes:
        groups: The groups in the order that batches and models keep.
        target: What is predicted.
        weight: Name of the column that says what each row counts in the loss; None: all count alike.
        missing: What happens to a missing value: ``error`` refuses the file, ``mean`` puts the median of the
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
    def targets(self) -> dict[str, Target]:
        """What is predicted, one thing or several, by its column."""
        return targets_by_column(self.target)

    def truths(self, target: Any) -> Mapping[str, Any]:
        """Return what a batch has to be predicted, its ``target``, by the columns of `targets`."""
        return target if isinstance(target, dict) else dict.fromkeys(self.targets, target)

    @property
    def target_columns(self) -> tuple[str, ...]:
        """Names of the columns that are predicted."""
        return tuple(self.targets)

    @property
    def widths(self) -> dict[str, int]:
        """Number of features of each group, by name, in the groups' order."""
        return {group.name: group.width for group in self.groups}

    @property
    def layouts(self) -> dict[str, Layout]:
        """What a row of each group is in memory, by name, in the groups' order."""
        return {group.name: group.layout for group in self.groups}

    @cached_property
    def column_names(self) -> dict[str, tuple[str, ...]]:
        """Names of the columns of each group, by the group's name."""
        return {group.name: group.column_names for group in self.groups}

    @property
    def categorical(self) -> tuple[str, ...]:
        """Names of the categorical columns, which ``read_table`` should read as text."""
        return tuple(column.name for column in self.categorical_columns)

    @cached_property
    def categorical_columns(self) -> tuple[ColumnSpec, ...]:
        """The categorical columns of all groups."""
        columns = (one for group in self.groups for one in group.columns)
        return tuple(one for one in columns if one.categories is not None)

    @cached_property
    def kinds(self) -> dict[str, Kind]:
        """What the cells of each column are, by its name."""
        kinds: dict[str, Kind] = {}
        for group in self.groups:
            kinds |= group.kinds if isinstance(group, GroupSpec) else {group.column: group.sort}
        return kinds

    @cached_property
    def sorts(self) -> dict[str, Sort]:
        """The sort of each column that has one of its own."""
        return {name: cast(Sort, kind) for name, kind in self.kinds.items() if kind in get_args(Sort)}

    @cached_property
    def no_numbers(self) -> frozenset[str]:
        """Names of the columns that are read as something else than numbers."""
        return frozenset(name for name, kind in self.kinds.items() if kind not in ("number", "boolean"))

    @property
    def pictures(self) -> tuple[PictureGroupSpec, ...]:
        """The groups of pictures."""
        return tuple(group for group in self.groups if isinstance(group, PictureGroupSpec))
