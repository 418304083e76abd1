"""Groups of columns."""

import pytest

from nested_lightning.app.errors import UserError
from nested_lightning.app.multi_feature.column_groups import (
    ExplicitGroups,
    GroupByPrefix,
    GroupBySharedWord,
    SingleGroup,
    group_apart,
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


@pytest.mark.parametrize(
    ("columns", "sizes"),
    [
        (["front_speed", "front_load", "rear_speed", "rear_load"], {"front": 2, "rear": 2}),
        (["speed_front", "load_front", "heat_front", "speed_rear", "load_rear"], {"front": 3, "rear": 2}),
        (["frontSpeed", "frontLoad", "rearSpeed", "rearLoad", "age"], {"front": 2, "rear": 2, "age": 1}),
        (["car front speed", "car front load", "car rear heat"], {"car front": 2, "car rear heat": 1}),
        (
            ["sepal length (cm)", "sepal width (cm)", "petal length (cm)"],
            {"sepal": 2, "petal length (cm)": 1},
        ),
        (["kar0", "kar_1", "fou.0", "fou.1", "age"], {"kar": 2, "fou": 2, "age": 1}),
        (["kar0", "kar1", "kar2", "age", "weight"], {"kar": 3, "others": 2}),
        (["a_0", "a_1", "b_0", "b_1", "c_0", "c_1"], {"a": 2, "b": 2, "c": 2}),
        (["x1", "x2", "x3"], {"x": 3}),
        (["0", "1", "2"], {"0": 3}),
        (["alcohol", "malic_acid", "ash", "hue", "phenols"], {"all": 5}),
        (["front_speed", "front_load", "age", "weight", "price"], {"all": 5}),
        (["age"], {"all": 1}),
    ],
)
def test_columns_that_share_a_word_are_one_group_where_most_do(
    columns: list[str], sizes: dict[str, int]
) -> None:
    groups = GroupBySharedWord()(columns)

    assert {name: len(members) for name, members in groups.items()} == sizes
    assert sorted(name for members in groups.values() for name in members) == sorted(columns)


def test_what_names_of_columns_suggest_is_said_and_what_numbers_say_is_not() -> None:
    grouping = GroupBySharedWord()

    assert grouping.guess(grouping(["kar0", "kar1", "fou0"])) == ""
    assert "share a word are one group: 'a' (2), 'b' (2)" in grouping.guess(
        grouping(["a_x", "a_y", "b_x", "b_z"])
    )
    assert "all are one group; multi_feature.data.grouping" in grouping.guess(grouping(["age", "price"]))


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


def test_a_column_of_a_sort_of_its_own_takes_no_other_groups_name() -> None:
    columns = ["note", "note_0", "note_1", "note_text_0", "note_text_1"]

    groups = group_apart(GroupByPrefix(), columns, {"note": "text"})

    assert groups == {
        "note": ("note_0", "note_1"),
        "note_text": ("note_text_0", "note_text_1"),
        "note_text_text": ("note",),
    }
