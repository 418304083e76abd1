"""Splits of rows by their time: what is older trains, what is newer validates and tests."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import numpy as np
import pyarrow as pa

from nested_lightning.app.data.split_shares import ColumnReader, OneFold, Shares
from nested_lightning.app.data.splits import Split, refuse_empty_cells, split_column
from nested_lightning.app.data.stratified import Rows
from nested_lightning.app.errors import UserError, counted
from nested_lightning.app.tables.column_values import time_values


@dataclass(frozen=True, kw_only=True)
class TemporalSplitter(ColumnReader, Shares):
    """The oldest rows train, those after them validate, and the newest test, by a column of dates or numbers.

    Rows of the same moment stay together, so that parts are about as large as the shares say.
    """

    min_class_size: ClassVar[int] = 1

    def __call__(self, _labels: Rows, table: pa.Table, /) -> Split:
        """Split the rows by the order of the column's values."""
        shares = [1 - self.val_fraction - self.test_fraction, self.val_fraction, self.test_fraction]
        moments = _find_moments(table, self.column, num_needed=sum(share > 0 for share in shares))
        return Split(*_share_out(moments, [share * table.num_rows for share in shares]))


@dataclass(frozen=True, kw_only=True)
class TemporalFoldSplitter(ColumnReader, OneFold):
    """One of the splits of a cross-validation that always tests on what is newer, by dates or numbers.

    As in scikit-learn's ``TimeSeriesSplit(num_folds)``, the rows are ``num_folds + 1`` pieces in order of
    time: fold 0 tests on the second one, and so on. All pieces before train, and their newest rows validate;
    those after it take no part. Rows of the same moment stay together. The share is of the rows before the
    test part.
    """

    min_class_size: ClassVar[int] = 1

    def __call__(self, _labels: Rows, table: pa.Table, /) -> Split:
        """Take the fold; of what is older, the newest rows validate."""
        num_extra = 2 if self.val_fraction > 0 else 1  # the first piece is divided in turn
        moments = _find_moments(table, self.column, num_needed=self.num_folds + num_extra)
        size = table.num_rows // (self.num_folds + 1)
        first = table.num_rows - self.num_folds * size
        pieces = _share_out(moments, [first, *[size] * self.num_folds], num_in_first=num_extra)
        older = np.sort(np.concatenate(pieces[: self.fold + 1]))
        num_val = self.val_fraction * len(older)
        train, val = _share_out(moments[older], [len(older) - num_val, num_val])
        return Split(older[train], older[val], pieces[self.fold + 1])


def _find_moments(table: pa.Table, column: str, *, num_needed: int) -> Rows:
    """Return the place of each row's moment among all moments, int64 of [N], 0 for the oldest."""
    times = time_values(split_column(table, column), name=column)
    refuse_empty_cells(np.isnan(times), column)
    moments, places = np.unique(times, return_inverse=True)
    if len(moments) < num_needed:
        raise UserError(
            f"split column '{column}' has {counted(len(moments), 'moment')}, and this split needs at least"
            f" {num_needed}, as rows of the same moment stay together; see data.split"
        )
    return places


def _share_out(moments: Rows, sizes: Sequence[float], *, num_in_first: int = 1) -> list[Rows]:
    """Return the ascending rows of consecutive parts, the oldest first, each of about its size.

    A part whose size isn't 0 has a moment at least, the first one ``num_in_first``; there are enough.
    """
    ends = np.cumsum(np.bincount(moments))
    cuts = [0]
    for number, (size, wanted) in enumerate(zip(sizes, np.cumsum(sizes), strict=True)):
        if size == 0:
            cuts.append(cuts[-1])
            continue
        lowest = cuts[-1] + (num_in_first if number == 0 else 1)
        highest = len(ends) - sum(each > 0 for each in sizes[number + 1 :])
        nearest = int(np.abs(ends - wanted).argmin()) + 1
        cuts.append(min(max(nearest, lowest), highest))
    return [np.flatnonzero((first <= moments) & (moments < end)) for first, end in pairwise(cuts)]
