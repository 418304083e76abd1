"""From a table to the samples of a training: which columns are features, of which groups, and which rows.

Shapes: N rows, G groups.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import compute

from nested_lightning.app.data.splits import note_given_parts
from nested_lightning.app.data.stratified import Rows
from nested_lightning.app.errors import UserError, name_list
from nested_lightning.app.multi_feature.column_groups import (
    ExplicitGroups,
    Grouping,
    check_columns,
    group_apart,
    select_columns,
)
from nested_lightning.app.multi_feature.encoding import columns_there
from nested_lightning.app.multi_feature.group_specs import Sort
from nested_lightning.app.multi_feature.picture_column import TablePictures
from nested_lightning.app.multi_feature.sorts import find_sorts, read_own_columns
from nested_lightning.app.multi_feature.spec import MissingPolicy, MultiFeatureDataSpec
from nested_lightning.app.multi_feature.storage import MemoryStorage
from nested_lightning.app.multi_feature.targets.reading import (
    TargetColumns,
    WantedTarget,
    read_targets,
    read_weights,
)
from nested_lightning.app.tables.column_values import Numbers, is_blank, is_missing, text_values
from nested_lightning.app.tables.missing_values import find_missing, refuse_missing
from nested_lightning.app.tables.sample_columns import Flags, SampleColumns

Groups = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Samples:
    """The rows of a table that take part, before they are encoded.

    Attributes:
        table: Has what a split goes by.
        groups: The columns of each group.
        columns: Their values, of [N].
        targets: What is to be predicted.
        weight: What each row counts, float64 of [N]; None: all alike.
        presence: Whether a row has a group, bool of [N, G].
        numbers: The rows' numbers in the file, from 1, int64 of [N].
    """

    table: pa.Table
    groups: Groups
    columns: SampleColumns
    targets: TargetColumns
    weight: Numbers | None
    presence: Flags
    numbers: Rows

    def keep(self, rows: Flags, table_columns: Sequence[str]) -> Samples:
        """Return those samples, and of the table no more than the named columns."""
        there = [name for name in table_columns if name in self.table.column_names]
        return replace(
            self,
            table=self.table.select(there).filter(pa.array(rows)) if there else self.table,
            columns=self.columns.keep(rows),
            targets=self.targets.keep(rows),
            weight=None if self.weight is None else self.weight[rows],
            presence=self.presence[rows],
            numbers=self.numbers[rows],
        )


@dataclass(frozen=True, kw_only=True)
class SampleReader:
    """Reads samples from a table as settings, or a trained model, say.

    Attributes:
        known: What a trained model was built from, whose groups and sorts are used as they are; None: they
            follow from the table.
        wanted: What is said of the columns to predict.
        reserved: Columns that a split goes by.
        storage: Reads columns.

    The others are as in `app.multi_feature.data.MultiFeatureDataModule`.
    """

    known: MultiFeatureDataSpec | None
    wanted: WantedTarget
    weight: str | None
    grouping: Grouping
    categorical: Collection[str]
    excluded: Sequence[str]
    missing: MissingPolicy
    allow_missing_groups: bool
    sorts: Mapping[str, Sort]
    preparations: Callable[[str, Sort], Any]
    reserved: Sequence[str]
    storage: MemoryStorage

    @property
    def text_columns(self) -> list[str]:
        """Columns that hold text even where it looks like numbers."""
        return [*self.categorical, *self.reserved, *self.wanted.kinds]

    def __call__(self, table: pa.Table, pictures: TablePictures) -> Samples:
        """Read the samples of a table, whose ``pictures`` are read once they are encoded."""
        targets = read_targets(table, self.wanted, self.known.target if self.known else None)
        has_weight = self.weight in table.column_names or not self.known
        weight = read_weights(table, self.weight) if self.weight and has_weight else None
        groups, columns = self._read(table, pictures)
        missing = find_missing(
            columns, groups, table.num_rows, allow_missing_groups=self.allow_missing_groups
        )
        numbers = np.arange(1, table.num_rows + 1)
        samples = Samples(table, groups, columns, targets, weight, missing.presence, numbers)
        if self.missing == "drop":
            is_usable = ~(missing.is_incomplete | targets.is_missing | self._cannot_be_placed(table))
            return samples.keep(is_usable, self.reserved)
        refuse_missing(missing, is_filled_in=self.missing == "mean")
        targets.refuse_missing()
        return samples

    def _read(self, table: pa.Table, pictures: TablePictures) -> tuple[Groups, SampleColumns]:
        """Return the columns of each group by name, and by values."""
        groups, sorts, preparations = self._groups(table, pictures)
        names = columns_there(table.column_names, groups, self.allow_missing_groups)
        own = read_own_columns(table, sorts, pictures, preparations)
        read = self.storage.read_columns(
            table,
            [name for name in names if name not in own],
            categorical=self.categorical,
            infer_categories=self.known is None,
        )
        return groups, read.with_held(own)

    def _cannot_be_placed(self, table: pa.Table) -> Flags:
        """Return which rows lack what the splitter goes by, bool of [N]."""
        there = [name for name in self.reserved if name in table.column_names]
        lacking = [is_missing(text_values(table.column(name))) for name in there]
        return np.any(lacking, axis=0) if lacking else np.zeros(table.num_rows, dtype=bool)

    def _groups(
        self, table: pa.Table, pictures: TablePictures
    ) -> tuple[Groups, Mapping[str, Sort], Mapping[str, Any]]:
        """Return the columns of each group, the sorts of their own, and how extractors want such columns."""
        if self.known:
            return self.known.column_names, self.known.sorts, {}
        features = self._features(table)
        grouping = self.grouping
        listed = grouping.sorts_of(features) if isinstance(grouping, ExplicitGroups) else {}
        sorts = find_sorts(
            table, features, given={**listed, **self.sorts}, categorical=self.categorical, pictures=pictures
        )
        groups = _without_blank(table, group_apart(grouping, features, sorts))
        used = {name: group for group, members in groups.items() for name in members}
        sorts = {name: sort for name, sort in sorts.items() if name in used}
        preparations = {
            name: self.preparations(used[name], sort)
            for name, sort in sorts.items()
            if sort in ("picture", "text")
        }
        sorts |= {name: "tokens" for name, one in preparations.items() if one and sorts[name] == "text"}
        return groups, sorts, preparations

    def _features(self, table: pa.Table) -> list[str]:
        reserved = {*self.wanted.kinds, self.weight, *self.reserved}
        columns = [name for name in table.column_names if name not in reserved]
        excluded = select_columns(columns, self.excluded, setting="multi_feature.data.excluded")
        check_columns(columns, [*self.categorical], setting="multi_feature.data.categorical")
        features = [name for name in columns if name not in excluded]
        if "split" in features:
            words = compute.unique(text_values(table.column("split"))).drop_null().to_pylist()
            note_given_parts(words, setting="multi_feature.data.split")
        if not features:
            raise UserError(f"there are no features, only {name_list(table.column_names)}")
        for name, sort in self.sorts.items():
            check_columns(columns, [name], setting=f"multi_feature.data.{sort}s")
        return features


def _without_blank(table: pa.Table, groups: Groups) -> Groups:
    """Return groups without columns that have a value in no row."""
    blank = {name for members in groups.values() for name in members if is_blank(table.column(name))}
    if not blank:
        return groups
    kept = {group: [name for name in members if name not in blank] for group, members in groups.items()}
    if not any(kept.values()):
        raise UserError(f"there are no features: no row has a value in {name_list(sorted(blank))}")
    warnings.warn(f"left out, as no row has a value there: {name_list(sorted(blank))}", stacklevel=3)
    return {group: members for group, members in kept.items() if members}
