"""Groups of columns."""

import pytest

from nested_lightning.app.errors import UserError
from nested_lightning.app.multi_feature.column_groups import (
    ExplicitGroups,
    GroupByPrefix,
    SingleGroup,
    select_columns,
)


def test_prefix_groups_columns_that_differ_in_a_number() -> None:
    columns = ["kar0", "kar_1", "fou.0", "kar-2", "fou 12", "pca2_10"]
    assert GroupByPrefix()(columns) == {
        "kar": ("kar0", "kar_1", "kar-2"),
        "fou": ("fou.0", "fou 12"),
        "pca2": ("pca2_10",),
    }


def test_prefix_makes_a_group_of_a_column_without_number() -> None:
    assert GroupByPrefix()(["age", "h2o"]) == {"age": ("age",), "h2o": ("h2o",)}


def test_prefix_names_the_group_of_bare_numbers_0() -> None:
    assert GroupByPrefix()(["0", "1", "2"]) == {"0": ("0", "1", "2")}


def test_single_group_holds_all_columns() -> None:
    assert SingleGroup()(["a", "b"]) == {"0": ("a", "b")}


def test_explicit_groups_leave_other_columns_out() -> None:
    grouping = ExplicitGroups(groups={"x": ["b", "a"], "y": ["c"]})
    assert grouping(["a", "b", "c", "d"]) == {"x": ("b", "a"), "y": ("c",)}


def test_explicit_groups_take_patterns() -> None:
    assert ExplicitGroups(groups={"x": ["a_*"]})(["a_0", "b_0", "a_1"]) == {"x": ("a_0", "a_1")}


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        ({}, "lists no group"),
        ({"x": []}, r"grouping\.groups\.x lists no columns"),
        ({"x": ["kar_1", "kra_0"]}, r"grouping\.groups\.x names 'kra_0', .* did you mean 'kar_0'\?"),
        ({"x": ["z*"]}, r"names 'z\*', which is no feature column"),
        ({"x": ["kar_0"], "y": ["kar_*"]}, "'kar_0' is in group 'x' and again in group 'y'; list it once"),
    ],
)
def test_explicit_groups_that_do_not_fit_are_refused(groups: dict[str, list[str]], message: str) -> None:
    with pytest.raises(UserError, match=message):
        ExplicitGroups(groups=groups)(["kar_0", "kar_1"])


def test_a_column_named_like_a_pattern_is_itself() -> None:
    assert select_columns(["a*", "ab"], ["a*"], setting="excluded") == ("a*",)
