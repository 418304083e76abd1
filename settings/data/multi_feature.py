"""Settings of a table with a label column and groups of feature columns."""

from fnmatch import fnmatchcase
from itertools import product
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from nested_lightning.settings.base import ChoiceSettings, Settings
from nested_lightning.settings.choices.splits import SPLITS, Split
from nested_lightning.settings.numbers import Count, Pixels
from nested_lightning.settings.slot import Slot


class GroupingSettings(ChoiceSettings, module="nested_lightning.app.multi_feature.column_groups"):
    """What every grouping has: nothing but its kind."""


class PrefixGroupingSettings(GroupingSettings, kind="prefix", target=".GroupByPrefix"):
    """Columns that share the name before their number: kar0, kar1 and kar_2 are the group kar."""


class SharedWordGroupingSettings(GroupingSettings, kind="shared_word", target=".GroupBySharedWord"):
    """Columns that share a number's prefix, a first or a last word; where few do, all as one group."""


class ExplicitGroupingSettings(GroupingSettings, kind="explicit", target=".ExplicitGroups"):
    """Groups listed column by column."""

    groups: dict[str, list[str]] = Field(
        description="Columns of each group by its name; kar_* is all that match."
    )
    sorts: dict[str, Literal["date", "text", "sequence", "picture"]] | None = Field(
        None, description="Sorts of groups by their names; null, or a group that isn't named: found."
    )


class SingleGroupingSettings(GroupingSettings, kind="single", target=".SingleGroup"):
    """All columns as one group."""

    name: str = Field("0", min_length=1, description="Name of that group.")


GROUPINGS = Slot(base=GroupingSettings, default="shared_word")
Grouping = Annotated[GroupingSettings, GROUPINGS]


class FeatureStorageSettings(ChoiceSettings, module="nested_lightning.app.multi_feature"):
    """What every storage has: nothing but its kind."""


class MemoryStorageSettings(FeatureStorageSettings, kind="memory", target=".storage.MemoryStorage"):
    """All rows in memory."""


class DiskStorageSettings(FeatureStorageSettings, kind="disk", target=".disk_storage.DiskStorage"):
    """Rows in files on a disk, for data larger than memory."""

    folder: Path | None = Field(
        None, description="Where the files lie, while they are used; null: the folder for temporary files."
    )


FEATURE_STORAGES = Slot(base=FeatureStorageSettings, default="memory")
FeatureStorage = Annotated[FeatureStorageSettings, FEATURE_STORAGES]


class TabularDataSettings(Settings):
    """Which file, what its columns mean, how it is split and batched."""

    path: Path | None = Field(
        None,
        description="CSV (also gzip), Parquet, a folder of Parquet files, a pattern such as sales-*.csv, or a"
        " folder or zip of class folders; null: the digits that ship.",
    )
    label: str | None = Field(
        None, description="Column to predict; null: the shipped file's, digit, or those of objectives."
    )
    label_separator: str | None = Field(
        None, min_length=1, description="Stands between several labels of a cell; null: such cells are lists."
    )
    positive: str | None = Field(
        None, description="Class that counts as positive where there are two; null: the second in order."
    )
    weight: str | None = Field(
        None, description="Column of what each row counts in the loss; null: all alike."
    )
    grouping: Grouping = GROUPINGS.field("How columns make groups.")
    categorical: list[str] = Field(
        [], description="Columns of categories; a column of few different words is one without being named."
    )
    pictures: list[str] = Field(
        [], description="Columns that name pictures; one of names of pictures that are there is found."
    )
    dates: list[str] = Field([], description="Columns of dates; one of nothing but ISO dates is found.")
    texts: list[str] = Field(
        [], description="Columns of text; one of many texts of three words or more is found."
    )
    sequences: list[str] = Field([], description="Columns of lists of numbers; one of lists is found.")
    excluded: list[str] = Field([], description="Columns that are no features; note_* is all that match.")
    missing: Literal["error", "mean", "drop"] = Field(
        "error", description="Empty cells: an error, the middle of the training part, or the row left out."
    )
    allow_missing_groups: bool = Field(False, description="Whether a row may lack a whole group.")
    picture_size: Pixels | None = Field(
        None,
        description="Pixels to each side of pictures; null: as a pretrained extractor wants, else as they"
        " have, at most 32.",
    )
    picture_fit: Literal["pad", "crop", "stretch"] | None = Field(
        None,
        description="How a picture becomes square: white margins, cut edges, or distorted; null: as a"
        " pretrained extractor wants, else pad.",
    )
    picture_folder: str | None = Field(
        None, description="Where the pictures lie that a table names; null: below its own folder."
    )
    split: Split = SPLITS.field("How rows become training, validation and test parts.")
    storage: FeatureStorage = FEATURE_STORAGES.field("Where the rows lie during training.")
    batch_size: Count = Field(64, description="Rows of a training batch.")
    eval_batch_size: Count = Field(1024, description="Rows of a batch in validation, test, prediction.")

    @model_validator(mode="after")
    def _give_each_column_one_sort(self) -> Self:
        own = {name: getattr(self, name) for name in ("pictures", "dates", "texts", "sequences")}
        sorts = {"categorical": self.categorical, **own}
        others = {"excluded": self.excluded, **own}
        for (sort, names), (other, patterns) in product(sorts.items(), others.items()):
            for name in names if sort != other else ():
                if any(fnmatchcase(name, pattern) for pattern in patterns):
                    raise ValueError(f"column '{name}' is in {sort} and in {other}: take it out of one")
        return self

    @property
    def sorts(self) -> dict[str, str]:
        """The sort of each column that is listed under one."""
        own = {"picture": self.pictures, "date": self.dates, "text": self.texts, "sequence": self.sequences}
        return {name: sort for sort, names in own.items() for name in names}
