"""Statistics and categories from the training part."""

import numpy as np
import pyarrow as pa
import pytest

from nested_lightning.app.errors import UserError
from nested_lightning.app.multi_feature.fitting import MAX_CATEGORIES, fit_groups
from nested_lightning.app.multi_feature.group_specs import ColumnSpec, GroupSpec


def test_statistics_come_from_the_training_rows_alone() -> None:
    columns = {"a": np.array([1.0, 3.0, 1e6, np.nan])}
    groups = fit_groups(columns, {"g": ["a"]}, np.array([0, 1, 3]))
    column = ColumnSpec(name="a", mean=2.0, scale=1.0, is_clipped=True)
    assert groups == (GroupSpec(name="g", columns=(column,)),)


def test_a_number_far_out_changes_neither_the_median_nor_the_spread() -> None:
    (group,) = fit_groups({"a": np.array([1.0, 2.0, 3.0, 4.0, 1e9])}, {"g": ["a"]}, np.arange(5))
    assert (group.columns[0].mean, group.columns[0].scale) == (3.0, 2.0)


def test_spread_of_a_column_that_is_mostly_0_is_half_its_range() -> None:
    (group,) = fit_groups({"a": np.array([0.0] * 9 + [6.0])}, {"g": ["a"]}, np.arange(10))
    assert (group.columns[0].mean, group.columns[0].scale) == (0.0, 3.0)


def test_categories_are_those_of_the_training_rows_in_order() -> None:
    columns = {"c": pa.array(["red", "blue", None, "green"])}
    (group,) = fit_groups(columns, {"g": ["c"]}, np.array([0, 1, 2]))
    assert group.columns[0].categories == ("blue", "red")
    assert group.width == 2


def test_constant_columns_get_scale_1_and_one_warning() -> None:
    columns = {"a": np.full(9, 0.1), "b": pa.array(["x"] * 9), "c": np.array([0.0, 1.0, 5.0] * 3)}
    with pytest.warns(UserWarning, match=r"constant .*: 'a', 'b'; .*multi_feature\.data\.excluded") as caught:
        (group,) = fit_groups(columns, {"g": ["a", "b", "c"]}, np.arange(9))
    assert len(caught) == 1
    assert (group.columns[0].mean, group.columns[0].scale) == (0.1, 1.0)


def test_column_that_counts_the_rows_gets_a_warning() -> None:
    with pytest.warns(UserWarning, match="nothing but the number of the row.*'id'"):
        fit_groups({"id": np.arange(5.0)}, {"g": ["id"]}, np.arange(4))


def test_column_without_a_training_value_is_refused() -> None:
    with pytest.raises(UserError, match="'a' has no value in any row of the training part"):
        fit_groups({"a": np.array([np.nan, 1.0])}, {"g": ["a"]}, np.array([0]))


def test_column_of_too_many_categories_is_refused() -> None:
    names = pa.array([f"name {i}" for i in range(MAX_CATEGORIES + 1)])
    with pytest.raises(UserError, match="'c' has 1,001 categories, and at most 1,000 are allowed"):
        fit_groups({"c": names}, {"g": ["c"]}, np.arange(len(names)))
