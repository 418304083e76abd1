"""Missing values and what is said of them."""

import numpy as np
import pytest

from nested_lightning.app.errors import UserError
from nested_lightning.app.tables.missing_values import (
    MissingValues,
    find_missing,
    refuse_missing,
)

_NAN = np.nan
_GROUPS = {"kar": ("k0", "k1"), "fou": ("f0", "f1")}
_COLUMNS = {
    "k0": np.array([1.0, _NAN, _NAN, _NAN]),
    "k1": np.array([1.0, 1.0, _NAN, _NAN]),
    "f0": np.array([1.0, 1.0, 1.0, _NAN]),
    "f1": np.array([1.0, 1.0, 1.0, _NAN]),
}


def _find(*, allow_missing_groups: bool) -> MissingValues:
    return find_missing(_COLUMNS, _GROUPS, 4, allow_missing_groups=allow_missing_groups)


def test_missing_values_count_in_all_columns_where_groups_must_be_there() -> None:
    missing = _find(allow_missing_groups=False)
    assert missing.counts == {"k0": 3, "k1": 2, "f0": 1, "f1": 1}
    assert missing.presence.all()
    assert missing.is_incomplete.tolist() == [False, True, True, True]


def test_missing_group_is_no_missing_value_where_it_may_be() -> None:
    missing = _find(allow_missing_groups=True)
    assert missing.counts == {"k0": 1}
    assert missing.presence.tolist() == [[True, True], [True, True], [False, True], [False, False]]
    assert missing.is_incomplete.tolist() == [False, True, False, True]
    assert missing.presence.any(axis=1).tolist() == [True, True, True, False]


def test_missing_group_may_have_no_columns_at_all() -> None:
    columns = {name: _COLUMNS[name][:3] for name in ("f0", "f1")}
    missing = find_missing(columns, _GROUPS, 3, allow_missing_groups=True)
    assert missing.presence.tolist() == [[False, True]] * 3


def test_missing_values_are_refused_with_counts_columns_and_settings() -> None:
    message = (
        r"7 missing values in 3 of 4 rows, first in row 2, in columns 'k0' \(3\), 'k1' \(2\).*"
        r"data\.missing: 'mean'.*'drop'.*data\.allow_missing_groups=true"
    )
    with pytest.raises(UserError, match=message):
        refuse_missing(_find(allow_missing_groups=False))


def test_rows_without_any_group_are_refused() -> None:
    with pytest.raises(UserError, match=r"no group has any value in 1 row, first in row 4; remove"):
        refuse_missing(_find(allow_missing_groups=True), is_filled_in=True)


def test_complete_rows_are_not_refused() -> None:
    columns = {name: values[:1] for name, values in _COLUMNS.items()}
    refuse_missing(find_missing(columns, _GROUPS, 1, allow_missing_groups=False))
