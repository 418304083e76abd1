"""How two recordings are compared."""

from typing import Any

import pytest

from tests.frozen.comparing import differences


@pytest.mark.parametrize(
    ("before", "now", "lines"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": {"b": 1}}, {"a": {"b": 2}}, ["a.b: was 1, is 2"]),
        ({"a": 1}, {"b": 1}, ["a: is gone, was 1", "b: is new, 1"]),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, ["all: the order was ['a', 'b'], is ['b', 'a']"]),
        ([1, 2], [1, 3], ["[1]: was 2, is 3"]),
        ([1, 2], [1], [": was [1, 2], is [1]"]),
        ({"a": 1.0}, {"a": 1.00001}, ["a: was 1.0, is 1.00001"]),
        ({"a": 1}, {"a": True}, ["a: was 1, is True"]),
        ({"a": float("nan")}, {"a": float("nan")}, []),
    ],
)
def test_comparing_tells_each_place_that_differs(before: Any, now: Any, lines: list[str]) -> None:
    assert differences(before, now) == lines


def test_comparing_forgives_numbers_within_the_tolerance() -> None:
    assert differences({"a": [1.0, 0.0]}, {"a": [1.00009, 0.00009]}, tolerance=1e-4) == []
    assert differences({"a": [1.0, 0.0]}, {"a": [1.0003, 0.0]}, tolerance=1e-4) == [
        "a[0]: was 1.0, is 1.0003"
    ]
