"""What is learnt of each column from the training part: statistics and categories.

Shapes: N rows.
"""

import warnings
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import compute

from nested_lightning.app.errors import UserError, name_list
from nested_lightning.app.multi_feature.spec import ColumnSpec, GroupSpec
from nested_lightning.app.tables.column_values import ColumnValues

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
        if len(known) == 0:
            raise UserError(
                f"column '{name}' has no value in any row of the training part; name it in"
                " multi_feature.data.excluded"
            )
        is_constant = _is_constant(known)
        specs[name] = _fit_column(name, known, is_constant=is_constant)
        if is_constant:
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
    if isinstance(values, np.ndarray):
        chosen = values[rows]
        return chosen[~np.isnan(chosen)]
    return values.take(pa.array(rows)).drop_null()


def _fit_column(name: str, known: ColumnValues, *, is_constant: bool) -> ColumnSpec:
    if not isinstance(known, np.ndarray):
        return ColumnSpec(name=name, categories=_fit_categories(name, known))
    if is_constant:  # rounding may give such a column a deviation that is not quite 0
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
    if not isinstance(values, np.ndarray) or len(values) < 3:
        return False
    return bool(values[1] - values[0] == 1 and (np.diff(values) == 1).all())


def _warn_of(fault: str, columns: Sequence[str]) -> None:
    if columns:
        warnings.warn(
            f"{fault}: {name_list(columns)}; leave such columns out with multi_feature.data.excluded",
            stacklevel=3,
        )
