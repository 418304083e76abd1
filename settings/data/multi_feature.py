"""Settings of a table with a label column and groups of feature columns."""

from pathlib import Path
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, NonNegativeInt, PositiveInt, model_validator

from nested_lightning.settings.base import ChoiceSettings, Settings
from nested_lightning.settings.slot import Slot


class GroupingSettings(ChoiceSettings):
    """What every grouping has: nothing but its kind."""


class PrefixGroupingSettings(GroupingSettings):
    """Columns that share the name before their number: kar0, kar1 and kar_2 are the group kar."""

    target: ClassVar[str] = "nested_lightning.app.multi_feature.column_groups.GroupByPrefix"
    kind: Literal["prefix"] = Field("prefix", description="By the name before the column's number.")


class ExplicitGroupingSettings(GroupingSettings):
    """Groups listed column by column."""

    target: ClassVar[str] = "nested_lightning.app.multi_feature.column_groups.ExplicitGroups"
    kind: Literal["explicit"] = Field("explicit", description="By lists of columns.")
    groups: dict[str, list[str]] = Field(
        description="Columns of each group by its name; kar_* is all that match."
    )


class SingleGroupingSettings(GroupingSettings):
    """All columns as one group."""

    target: ClassVar[str] = "nested_lightning.app.multi_feature.column_groups.SingleGroup"
    kind: Literal["single"] = Field("single", description="All columns as one group.")
    name: str = Field("0", min_length=1, description="Name of that group.")


GROUPINGS = Slot(
    base=GroupingSettings,
    default="prefix",
    choices=[PrefixGroupingSettings, ExplicitGroupingSettings, SingleGroupingSettings],
)


class SplitSettings(ChoiceSettings):
    """What every split has: nothing but its kind."""


class RandomSplitSettings(SplitSettings):
    """A stratified random split."""

    target: ClassVar[str] = "nested_lightning.app.data.splits.RandomSplitter"
    kind: Literal["random"] = Field("random", description="Stratified by class, drawn with a seed.")
    val_fraction: float = Field(0.15, gt=0, lt=1, description="Share of the rows for validation.")
    test_fraction: float = Field(0.2, gt=0, lt=1, description="Share of the rows for the test.")
    seed: NonNegativeInt = Field(0, description="Seed of the draw, apart from the seed of the training.")

    @model_validator(mode="after")
    def _leave_rows_to_train_on(self) -> Self:
        if self.val_fraction + self.test_fraction >= 1:
            raise ValueError(
                f"val_fraction {self.val_fraction:g} and test_fraction {self.test_fraction:g} leave no rows"
                " to train on: their sum must be less than 1"
            )
        return self


class FoldSplitSettings(SplitSettings):
    """One fold of a stratified cross-validation."""

    target: ClassVar[str] = "nested_lightning.app.data.splits.FoldSplitter"
    kind: Literal["fold"] = Field("fold", description="One fold of a stratified cross-validation.")
    num_folds: int = Field(5, ge=2, description="Number of folds.")
    fold: NonNegativeInt = Field(0, description="The fold that is the test part, from 0.")
    val_fraction: float = Field(0.1, gt=0, lt=1, description="Share of the other folds for validation.")
    seed: NonNegativeInt = Field(0, description="Seed of the draw, apart from the seed of the training.")

    @model_validator(mode="after")
    def _be_one_of_the_folds(self) -> Self:
        if self.fold >= self.num_folds:
            raise ValueError(f"fold {self.fold} of {self.num_folds}: folds are counted from 0")
        return self


class ColumnSplitSettings(SplitSettings):
    """The split that a column of the file names."""

    target: ClassVar[str] = "nested_lightning.app.data.splits.ColumnSplitter"
    kind: Literal["column"] = Field("column", description="By a column that says train, val or test.")
    column: str = Field("split", description="Name of that column.")


class WholeFileSplitSettings(SplitSettings):
    """No split: the whole file is for evaluation."""

    target: ClassVar[str] = "nested_lightning.app.data.splits.WholeFileSplitter"
    kind: Literal["whole"] = Field("whole", description="Every row is a test row; for evaluation only.")


SPLITS = Slot(
    base=SplitSettings,
    default="random",
    choices=[RandomSplitSettings, FoldSplitSettings, ColumnSplitSettings, WholeFileSplitSettings],
)


class FeatureStorageSettings(ChoiceSettings):
    """What every storage has: nothing but its kind."""


class MemoryStorageSettings(FeatureStorageSettings):
    """All rows in memory."""

    target: ClassVar[str] = "nested_lightning.app.multi_feature.storage.MemoryStorage"
    kind: Literal["memory"] = Field("memory", description="All rows in memory.")


class DiskStorageSettings(FeatureStorageSettings):
    """Rows in files on a disk."""

    target: ClassVar[str] = "nested_lightning.app.multi_feature.disk_storage.DiskStorage"
    kind: Literal["disk"] = Field("disk", description="Rows in files on a disk, for data larger than memory.")
    folder: Path | None = Field(
        None, description="Where the files lie, while they are used; null: the folder for temporary files."
    )


FEATURE_STORAGES = Slot(
    base=FeatureStorageSettings, default="memory", choices=[MemoryStorageSettings, DiskStorageSettings]
)


class TabularDataSettings(Settings):
    """Which file, what its columns mean, how it is split and batched."""

    path: Path | None = Field(None, description="CSV (also gzip) or Parquet; null: the digits that ship.")
    label: str | None = Field(None, description="Label column; null: the shipped file's own, digit.")
    grouping: Annotated[GroupingSettings, GROUPINGS] = Field(
        PrefixGroupingSettings(), description="How columns make groups."
    )
    categorical: list[str] = Field(
        [], description="Columns of categories; a column of few different words is one without being named."
    )
    excluded: list[str] = Field([], description="Columns that are no features; note_* is all that match.")
    missing: Literal["error", "mean", "drop"] = Field(
        "error", description="Empty cells: an error, the training part's mean, or the row left out."
    )
    allow_missing_groups: bool = Field(False, description="Whether a row may lack a whole group.")
    split: Annotated[SplitSettings, SPLITS] = Field(
        RandomSplitSettings(), description="How rows become training, validation and test parts."
    )
    storage: Annotated[FeatureStorageSettings, FEATURE_STORAGES] = Field(
        MemoryStorageSettings(), description="Where the rows lie during training."
    )
    batch_size: PositiveInt = Field(64, description="Rows of a training batch.")
    eval_batch_size: PositiveInt = Field(1024, description="Rows of a batch in validation, test, prediction.")
