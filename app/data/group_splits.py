"""Splits of rows that keep some together, such as those of a customer or a patient."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pyarrow as pa

from nested_lightning.app.data.split_shares import ColumnReader, OneFold, Shares
from nested_lightning.app.data.splits import Split, refuse_empty_cells, split_column
from nested_lightning.app.data.stratified import Rows
from nested_lightning.app.errors import UserError, counted
from nested_lightning.app.tables.column_values import is_missing, text_values

_NUM_DRAWS = 32
"""Draws of which the one is taken that has most nearly its share of each class."""


@dataclass(frozen=True, kw_only=True)
class GroupedSplitter(ColumnReader, Shares):
    """A random split that puts all rows of a group, which have one value in the column, into the same part.

    The shares are of the groups; a part that is not empty has at least one. Of several draws of
    scikit-learn's ``GroupShuffleSplit``, the one is taken that has most nearly its share of the rows of each
    class.

    Args:
        seed: Decides the split, at least 0.
    """

    seed: int = 0
    min_class_size: ClassVar[int] = 1

    def __call__(self, labels: Rows, table: pa.Table, /) -> Split:
        """Draw the test part from all groups, then the validation part from the rest."""
        num_parts = 1 + (self.val_fraction > 0) + (self.test_fraction > 0)
        groups = _find_groups(table, self.column, num_needed=num_parts)
        rows = np.arange(len(labels))
        num_left = 1 + (self.val_fraction > 0)
        rest, test = _draw(rows, groups, labels, self.test_fraction, seed=self.seed, num_left=num_left)
        val_share = self.val_fraction / (1 - self.test_fraction)
        train, val = _draw(rest, groups, labels, val_share, seed=self.seed)
        return Split(train, val, test)


@dataclass(frozen=True, kw_only=True)
class GroupedFoldSplitter(ColumnReader, OneFold):
    """One of the splits of a k-fold cross-validation that keeps groups, of one value in the column, together.

    The test part is fold ``fold`` of scikit-learn's ``StratifiedGroupKFold(num_folds, shuffle=True,
    random_state=seed)``, so over all folds every row is tested once. The share is of the other folds' groups.

    Args:
        seed: Decides the folds, at least 0.
    """

    seed: int = 0

    @property
    def min_class_size(self) -> int:
        """A class needs a sample for each fold."""
        return self.num_folds

    def __call__(self, labels: Rows, table: pa.Table, /) -> Split:
        """Take the fold, then draw the validation part from the rest."""
        from sklearn.model_selection import StratifiedGroupKFold  # half a second, only for cross-validation

        groups = _find_groups(table, self.column, num_needed=self.num_folds)
        folds = StratifiedGroupKFold(self.num_folds, shuffle=True, random_state=self.seed)
        rest, test = list(folds.split(groups, labels, groups))[self.fold]
        if len(test) == 0 or len(np.unique(groups[rest])) < 1 + (self.val_fraction > 0):
            raise UserError(
                f"split column '{self.column}' has groups of too different sizes to make {self.num_folds}"
                f" folds, as fold {self.fold} has none of them, or nearly all; take fewer, see data.split"
            )
        train, val = _draw(rest, groups, labels, self.val_fraction, seed=self.seed)
        return Split(train, val, test)


def _find_groups(table: pa.Table, column: str, *, num_needed: int) -> Rows:
    """Return the number of each row's group among all in the order of their names, int64 of [N]."""
    values = text_values(split_column(table, column))
    refuse_empty_cells(is_missing(values), column)
    encoded = values.dictionary_encode()
    if (found := len(encoded.dictionary)) < num_needed:
        raise UserError(
            f"split column '{column}' has {counted(found, 'group')}, and this split needs at least"
            f" {num_needed}; see data.split"
        )
    places = np.argsort(np.argsort(encoded.dictionary.to_pylist()))  # in scikit-learn's order
    groups: Rows = places[encoded.indices.to_numpy()]
    return groups


def _draw(
    rows: Rows, groups: Rows, labels: Rows, share: float, *, seed: int, num_left: int = 1
) -> tuple[Rows, Rows]:
    """Return the rows left and those drawn, both ascending: about a ``share`` of the groups among ``rows``.

    If any are drawn, it is one group at least, and ``num_left`` groups are left.
    """
    if share == 0:
        return rows, np.arange(0)
    from sklearn.model_selection import GroupShuffleSplit  # half a second, only for this

    num_groups = len(np.unique(groups[rows]))
    size = min(max(round(share * num_groups), 1), num_groups - num_left)
    draws = GroupShuffleSplit(_NUM_DRAWS, test_size=size, random_state=seed).split(rows, groups=groups[rows])
    sizes = np.bincount(labels[rows])

    def distance(draw: tuple[Rows, Rows]) -> float:
        drawn = np.bincount(labels[rows[draw[1]]], minlength=len(sizes))
        return float(np.abs(drawn / np.maximum(sizes, 1) - share)[sizes > 0].sum())

    left, drawn = min(draws, key=distance)
    return rows[left], rows[drawn]
