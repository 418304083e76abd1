"""Classes and labels."""

import numpy as np
import pyarrow as pa
import pytest

from nested_lightning.app.errors import UserError
from nested_lightning.app.tables.labels import (
    check_class_sizes,
    encode_labels,
    find_class_names,
    find_label,
)


def test_class_names_of_integers_are_in_the_order_of_numbers() -> None:
    assert find_class_names(pa.array(["10", "9", "-1", "10"])) == ("-1", "9", "10")


def test_class_names_of_words_are_in_the_order_of_text() -> None:
    assert find_class_names(pa.array(["b", "10", "a", None])) == ("10", "a", "b")


@pytest.mark.parametrize(("values", "found"), [(["a", "a"], "only 'a'"), ([None], "no label at all")])
def test_class_names_need_two_classes(values: list[str | None], found: str) -> None:
    with pytest.raises(UserError, match=f"at least 2 classes are needed.*{found}"):
        find_class_names(pa.array(values, pa.string()))


def test_labels_become_class_indices() -> None:
    indices = encode_labels(pa.array(["b", "a", "b"]), ("a", "b"))
    assert indices.dtype == np.int64
    assert indices.tolist() == [1, 0, 1]


def test_labels_that_are_missing_are_counted() -> None:
    with pytest.raises(UserError, match=r"missing .* in 2 rows, first in row 2;.*data\.missing=drop"):
        encode_labels(pa.array(["a", None, "b", None]), ("a", "b"))


def test_labels_that_the_model_does_not_know_are_named() -> None:
    with pytest.raises(UserError, match="holds 'c', which the model does not know; its classes are 'a', 'b'"):
        encode_labels(pa.array(["a", "c"]), ("a", "b"))


def test_label_column_that_is_not_named_is_asked_for() -> None:
    with pytest.raises(UserError, match=r"multi_feature\.data\.label; there are 'x', 'y'"):
        find_label(pa.table({"x": [1], "y": [2]}), None)


def test_label_column_that_is_misspelt_gets_the_nearest_name() -> None:
    with pytest.raises(UserError, match=r"no label column 'specis'; did you mean 'species'\? there are"):
        find_label(pa.table({"x": [1], "species": [2]}), "specis")


def test_class_sizes_name_the_small_classes() -> None:
    with pytest.raises(UserError, match=r"needs 3 samples of each class, and there are fewer of 'b' \(1\)"):
        check_class_sizes(np.array([0, 0, 0, 1, 2, 2, 2]), ("a", "b", "c"), 3)


def test_class_sizes_of_a_measurement_say_so() -> None:
    with pytest.raises(UserError, match="If the label is a measurement"):
        check_class_sizes(np.arange(9), [str(i) for i in range(9)], 3)


def test_class_sizes_allow_a_known_class_without_samples() -> None:
    check_class_sizes(np.array([0, 0, 0]), ("a", "b"), 3)
