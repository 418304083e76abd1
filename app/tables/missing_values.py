"""Where values are missing, and what happens to the rows.

Shapes: N rows, G groups.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from nested_lightning.app.errors import UserError, counted, name_list
from nested_lightning.app.tables.column_values import ColumnValues, is_missing
from nested_lightning.app.tables.sample_columns import Flags, side_by_side

TRAINING_ADVICE = (
    "Fill them in, or say what to do with multi_feature.data.missing: 'mean' puts the column's mean, 'drop'"
    " leaves the rows out. Where rows lack all columns of a group, multi_feature.data.allow_missing_groups"
    "=true lets the model do without"
)

Groups = Mapping[str, Sequence[str]]


@dataclass(frozen=True, kw_only=True)
class MissingValues:
    """What ``find_missing`` found.

    Attributes:
        presence: Bool of [N, G], False where a row lacks a whole group and may.
        counts: How many values each column lacks in rows that have its group; only columns that lack some.
        is_incomplete: Bool of [N], True for rows that lack such a value, or every group.
    """

    presence: Flags
    counts: dict[str, int]
    is_incomplete: Flags


def find_missing(
    columns: Mapping[str, ColumnValues], groups: Groups, num_rows: int, *, allow_missing_groups: bool
) -> MissingValues:
    """Find the missing values of ``columns``; columns of a group that are not there are missing in all rows.

    Where ``allow_missing_groups`` is set, a row that lacks all columns of a group counts as one without the
    group, instead of as one with missing values.
    """
    presence = np.ones((num_rows, len(groups)), dtype=bool)
    is_incomplete = np.zeros(num_rows, dtype=bool)
    counts: dict[str, int] = {}
    for index, names in enumerate(groups.values()):
        if allow_missing_groups:
            presence[:, index] = _has_any(columns, names, num_rows)
        for there, values in side_by_side(columns, names):
            lacking = _missing_side_by_side(values) & presence[:, index : index + 1]
            if lacking.any():
                is_incomplete |= lacking.any(axis=1)
                num_lacking = dict(zip(there, lacking.sum(axis=0).tolist(), strict=True))
                counts |= {name: number for name, number in num_lacking.items() if number}
    is_incomplete |= ~presence.any(axis=1)
    return MissingValues(presence=presence, counts=counts, is_incomplete=is_incomplete)


def _has_any(columns: Mapping[str, ColumnValues], names: Sequence[str], num_rows: int) -> Flags:
    has_any = np.zeros(num_rows, dtype=bool)
    for _, values in side_by_side(columns, names):
        has_any |= ~_missing_side_by_side(values).all(axis=1)
    return has_any


def _missing_side_by_side(values: ColumnValues) -> Flags:
    """Return bool of [N, F], where F is 1 for one column."""
    missing = is_missing(values)
    return missing[:, np.newaxis] if missing.ndim == 1 else missing


def refuse_missing(
    missing: MissingValues, *, is_filled_in: bool = False, advice: str = TRAINING_ADVICE
) -> None:
    """Refuse rows that lack every group, and missing values unless the mean ``is_filled_in`` for them.

    Raises:
        UserError: Counts them, names the columns or the first row, and ends with the advice what to do.
    """
    if (is_empty := ~missing.presence.any(axis=1)).any():
        raise UserError(
            f"no group has any value in {counted(int(is_empty.sum()), 'row')}, first in row"
            f" {is_empty.argmax() + 1:,}; remove them, or set multi_feature.data.missing=drop"
        )
    if is_filled_in or not missing.counts:
        return
    num_values, num_rows = sum(missing.counts.values()), int(missing.is_incomplete.sum())
    raise UserError(
        f"{counted(num_values, 'missing value')} in {num_rows:,} of {len(missing.is_incomplete):,} rows,"
        f" first in row {missing.is_incomplete.argmax() + 1:,}, in columns {name_list(missing.counts)}."
        f" {advice}"
    )
