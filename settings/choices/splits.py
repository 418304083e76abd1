"""Choices of how rows, pictures and files are split into training, validation and test parts."""

from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from nested_lightning.settings.base import ChoiceSettings
from nested_lightning.settings.numbers import Natural, Seed
from nested_lightning.settings.slot import Slot


class SplitSettings(ChoiceSettings, module="nested_lightning.app.data"):
    """What every split has: nothing but its kind.

    Attributes:
        folds: Kind of the folds that take its place in a cross-validation.
        kept_in_folds: Settings of it that hold for these too.
    """

    folds: ClassVar[str] = "fold"
    kept_in_folds: ClassVar[tuple[str, ...]] = ("val_fraction", "seed")


class SharesSettings(SplitSettings):
    """What splits by shares have."""

    val_fraction: float = Field(
        0.15, gt=0, lt=1, description="Share of rows (grouped: of groups) for validation."
    )
    test_fraction: float = Field(
        0.2, gt=0, lt=1, description="Share of rows (grouped: of groups) for the test."
    )

    @model_validator(mode="after")
    def _leave_rows_to_train_on(self) -> Self:
        if self.val_fraction + self.test_fraction >= 1:
            raise ValueError(
                f"val_fraction {self.val_fraction:g} and test_fraction {self.test_fraction:g} leave no rows"
                " to train on: their sum must be less than 1"
            )
        return self


class RandomSplitSettings(SharesSettings, kind="random", target=".splits.RandomSplitter"):
    """A random split, stratified by class and drawn with a seed."""

    seed: Seed = Field(0, description="Seed of the draw, apart from the seed of the training.")


class EachFoldSettings(SplitSettings):
    """What folds of any sort have."""

    num_folds: int = Field(5, ge=2, le=1000, description="Number of folds.")
    fold: Natural = Field(0, description="The fold that is the test part, from 0.")
    val_fraction: float = Field(0.1, gt=0, lt=1, description="Share of the other folds for validation.")

    @model_validator(mode="after")
    def _be_one_of_the_folds(self) -> Self:
        if self.fold >= self.num_folds:
            raise ValueError(f"fold {self.fold} of {self.num_folds}: folds are counted from 0")
        return self


class FoldSplitSettings(EachFoldSettings, kind="fold", target=".splits.FoldSplitter"):
    """One fold of a stratified cross-validation."""

    seed: Seed = Field(0, description="Seed of the draw, apart from the seed of the training.")


class ColumnSplitSettings(SplitSettings, kind="column", target=".splits.ColumnSplitter"):
    """The split that a column of the file says: train, val or test."""

    column: str = Field("split", description="Name of that column.")


class WholeFileSplitSettings(SplitSettings, kind="whole", target=".splits.WholeFileSplitter"):
    """No split: every row is a test row, for evaluation only."""


class ByGroupSettings(SplitSettings):
    """What splits by group have."""

    folds: ClassVar[str] = "grouped_fold"
    kept_in_folds: ClassVar[tuple[str, ...]] = ("column", "val_fraction", "seed")
    column: str = Field(description="Column whose equal values keep rows together, e.g. of customers.")
    seed: Seed = Field(0, description="Seed of the draw, apart from the seed of the training.")


class GroupedSplitSettings(
    ByGroupSettings, SharesSettings, kind="grouped", target=".group_splits.GroupedSplitter"
):
    """A random split that puts all rows of a group into the same part."""


class GroupedFoldSplitSettings(
    ByGroupSettings, EachFoldSettings, kind="grouped_fold", target=".group_splits.GroupedFoldSplitter"
):
    """One fold of a cross-validation that puts all rows of a group into the same fold."""


class ByTimeSettings(SplitSettings):
    """What splits by time have."""

    folds: ClassVar[str] = "temporal_fold"
    kept_in_folds: ClassVar[tuple[str, ...]] = ("column", "val_fraction")
    column: str = Field(description="Column of dates or numbers by which rows are in order of time.")


class TemporalSplitSettings(
    ByTimeSettings, SharesSettings, kind="temporal", target=".time_splits.TemporalSplitter"
):
    """The oldest rows train, those after them validate, and the newest test."""


class TemporalFoldSplitSettings(
    ByTimeSettings, EachFoldSettings, kind="temporal_fold", target=".time_splits.TemporalFoldSplitter"
):
    """One of several test parts that follow each other in time; all that is older trains and validates."""


SPLITS = Slot(base=SplitSettings, default="random")
Split = Annotated[SplitSettings, SPLITS]
