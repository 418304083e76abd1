"""What is learnt about each column from the training part: statistics, categories, words.

Shapes: N rows.
"""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import compute

from nested_lightning.app.errors import UserError, name_list
from nested_lightning.app.multi_feature.group_specs import ColumnSpec, GroupSpec
from nested_lightning.app.multi_feature.own_columns import AnyColumn, centre_and_spread
from nested_lightning.app.multi_feature.own_group_specs import AnyGroupSpec
from nested_lightning.app.tables.column_values import ColumnValues

MAX_CATEGORIES = 1000
"""Each is a feature of its own; a column with more is rather a name or a number."""


def fit_groups(
    columns: Mapping[str, AnyColumn], groups: Mapping[str, Sequence[str]], train: npt.NDArray[np.int64]
) -> tuple[AnyGroupSpec, ...]:
    """Find the statistics and categories of each column, values of [N], in the rows ``train``.

    Raises:
        UserError: A column has no value in these rows, or more than ``MAX_CATEGORIES`` categories; or a
            picture can't be read.

    Warns:
        UserWarning: Columns are constant in these rows, or count the rows; they are kept.
    """
    specs: dict[str, ColumnSpec] = {}
    own: dict[str, Any] = {}
    constant, counting = [], []
    for name in columns:  # when read from a disk, one at a time is in memory
        values = columns[name]
        known = _known_in(values, train)
        if len(known) == 0:
            raise UserError(
                f"column '{name}' has no value in any row of the training part; name it in"
                " multi_feature.data.excluded"
            )
        if not isinstance(known, np.ndarray | pa.StringArray):
            fitted = known.fit()
            (specs if isinstance(fitted, ColumnSpec) else own)[name] = fitted
            continue
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
        replace(own[members[0]], name=name)
        if members[0] in own
        else GroupSpec(name=name, columns=tuple(specs[column] for column in members))
        for name, members in groups.items()
    )


def _known_in(values: AnyColumn, rows: npt.NDArray[np.int64]) -> AnyColumn:
    if isinstance(values, np.ndarray):
        chosen = values[rows]
        return chosen[~np.isnan(chosen)]
    return values.take(pa.array(rows)).drop_null()


def _fit_column(name: str, known: ColumnValues) -> ColumnSpec:
    if not isinstance(known, np.ndarray):
        return ColumnSpec(name=name, categories=_fit_categories(name, known))
    centre, spread = centre_and_spread(known)
    is_binary = bool(np.isin(known, (0.0, 1.0)).all())
    return ColumnSpec(name=name, mean=centre, scale=spread, is_clipped=True, is_binary=is_binary)


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


def _counts_rows(values: AnyColumn) -> bool:
    if not isinstance(values, np.ndarray) or len(values) < 3:
        return False
    return bool(values[1] - values[0] == 1 and (np.diff(values) == 1).all())


def _warn_of(fault: str, columns: Sequence[str]) -> None:
    if columns:
        warnings.warn(
            f"{fault}: {name_list(columns)}; leave such columns out with multi_feature.data.excluded",
            stacklevel=3,
        )
