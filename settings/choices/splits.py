"""Choices of how rows, pictures and files are split into training, validation and test parts."""

from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from nested_lightning.settings.base import ChoiceSettings
from nested_lightning.settings.numbers import Natural, Seed
from nested_lightning.settings.slot import Slot


class SplitSettings(ChoiceSettings, module="nested_lightning.app.data.splits"):
    """What every split has: nothing but its kind."""


def leave_rows_to_train_on(split: Any) -> Any:
    """Return a split whose shares leave something to train on, for a validator.

    Raises:
        ValueError: They don't.
    """
    if split.val_fraction + split.test_fraction >= 1:
        raise ValueError(
            f"val_fraction {split.val_fraction:g} and test_fraction {split.test_fraction:g} leave no rows"
            " to train on: their sum must be less than 1"
        )
    return split


class RandomSplitSettings(SplitSettings, kind="random", target=".RandomSplitter"):
    """A random split, stratified by class and drawn with a seed."""

    val_fraction: float = Field(0.15, gt=0, lt=1, description="Share of the rows for validation.")
    test_fraction: float = Field(0.2, gt=0, lt=1, description="Share of the rows for the test.")
    seed: Seed = Field(0, description="Seed of the draw, apart from the seed of the training.")

    _check_shares = model_validator(mode="after")(leave_rows_to_train_on)


class FoldSplitSettings(SplitSettings, kind="fold", target=".FoldSplitter"):
    """One fold of a stratified cross-validation."""

    num_folds: int = Field(5, ge=2, le=1000, description="Number of folds.")
    fold: Natural = Field(0, description="The fold that is the test part, from 0.")
    val_fraction: float = Field(0.1, gt=0, lt=1, description="Share of the other folds for validation.")
    seed: Seed = Field(0, description="Seed of the draw, apart from the seed of the training.")

    @model_validator(mode="after")
    def _be_one_of_the_folds(self) -> Self:
        if self.fold >= self.num_folds:
            raise ValueError(f"fold {self.fold} of {self.num_folds}: folds are counted from 0")
        return self


class ColumnSplitSettings(SplitSettings, kind="column", target=".ColumnSplitter"):
    """The split that a column of the file says: train, val or test."""

    column: str = Field("split", description="Name of that column.")


class WholeFileSplitSettings(SplitSettings, kind="whole", target=".WholeFileSplitter"):
    """No split: every row is a test row, for evaluation only."""


SPLITS = Slot(base=SplitSettings, default="random")
Split = Annotated[SplitSettings, SPLITS]
