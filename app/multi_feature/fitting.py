"""What is learnt of each column from the training part: statistics and categories.

Shapes: N rows.
"""

import warnings
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import compute

from nested_lightning.app.errors import UserError
from nested_lightning.app.multi_feature.spec import ColumnSpec, GroupSpec
from nested_lightning.app.tables.column_values import ColumnValues, Numbers, is_missing, keep_rows
from nested_lightning.app.wording import name_list

MAX_CATEGORIES = 1000
"""Each is a feature of its own; a column with more is rather a name or a number."""


def fit_groups(
    columns: Mapping[str, ColumnValues], groups: Mapping[str, Sequence[str]], train: npt.NDArray[np.int64]
) -> tuple[GroupSpec, ...]:
    """Find the statistics and categories of each column in the rows ``train``.

    Args:
        columns: Values of [N] by column.
        groups: The columns of each group.
        train: Numbers of the training rows, from 0.

    Raises:
        UserError: A column has no value in these rows, or more than ``MAX_CATEGORIES`` categories.

    Warns:
        UserWarning: Columns are constant in these rows, or count the rows; they are kept.
    """
    specs: dict[str, ColumnSpec] = {}
    constant, counting = [], []
    for name in columns:  # one at a time is in memory, where they are read from a disk
        values = columns[name]
        known = _known_in(values, train)
        specs[name] = _fit_column(name, known)
        if _is_constant(known):
            constant.append(name)
        if _counts_rows(values):
            counting.append(name)
    _warn_of("constant in the training part, and so of no use", constant)
    _warn_of(
        "nothing but the number of the row, which may give the class away here and misleads elsewhere",
        counting,
    )
    return tuple(
        GroupSpec(name=name, columns=tuple(specs[column] for column in members))
        for name, members in groups.items()
    )


def _known_in(values: ColumnValues, rows: npt.NDArray[np.int64]) -> ColumnValues:
    is_known = np.zeros(len(values), dtype=bool)
    is_known[rows] = True
    return keep_rows(values, is_known & ~is_missing(values))


def _fit_column(name: str, known: ColumnValues) -> ColumnSpec:
    if len(known) == 0:
        raise UserError(
            f"column '{name}' has no value in any row of the training part; name it in"
            " multi_feature.data.excluded"
        )
    if isinstance(known, np.ndarray):
        return _fit_numbers(name, known)
    return ColumnSpec(name=name, categories=_fit_categories(name, known))


def _fit_numbers(name: str, known: Numbers) -> ColumnSpec:
    if known.min() == known.max():  # rounding may give such a column a deviation that is not quite 0
        return ColumnSpec(name=name, mean=float(known[0]), scale=1.0)
    return ColumnSpec(name=name, mean=float(known.mean()), scale=float(known.std()) or 1.0)


def _fit_categories(name: str, known: pa.StringArray) -> tuple[str, ...]:
    categories = compute.unique(known).to_pylist()
    if len(categories) > MAX_CATEGORIES:
        raise UserError(
            f"column '{name}' has {len(categories):,} categories, and at most {MAX_CATEGORIES:,} are allowed;"
            " merge rare ones, or name the column in multi_feature.data.excluded"
        )
    return tuple(sorted(categories))


def _is_constant(known: ColumnValues) -> bool:
    if isinstance(known, np.ndarray):
        return bool(known.min() == known.max())
    return len(compute.unique(known)) == 1


def _counts_rows(values: ColumnValues) -> bool:
    return isinstance(values, np.ndarray) and len(values) > 2 and bool((np.diff(values) == 1).all())


def _warn_of(fault: str, columns: Sequence[str]) -> None:
    if columns:
        warnings.warn(
            f"{fault}: {name_list(columns)}; leave such columns out with multi_feature.data.excluded",
            stacklevel=3,
        )
