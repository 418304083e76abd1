"""Patterns of dotted paths: ``*`` is one name, ``**`` any number, and a type is what stands before it."""

import random
import re

import pytest

from nested_lightning.path_patterns import path_matches


@pytest.mark.parametrize(
    ("pattern", "path", "is_meant"),
    [
        ("a.*.c", "a.b.c", True),
        ("a.*.c", "a.c", False),
        ("a.**.c", "a.c", True),
        ("a.**.c", "a.b.b.c", True),
        ("**.c", "a.b.d", False),
        ("a.**", "a", True),
        ("a.*", "a", False),
        ("**.Dropout.p", "a.layer.p", True),
        ("a.*.Dropout.p", "a.layer.p", True),
        ("a.Dropout.p", "a.layer.p", False),
        ("**.Linear.p", "a.layer.p", False),
    ],
)
def test_stars_and_types(pattern: str, path: str, is_meant: bool) -> None:
    types = ["Dropout" if name == "layer" else "" for name in path.split(".")]

    assert path_matches(pattern.split("."), path.split("."), types) is is_meant


def test_any_pattern_means_what_its_regular_expression_does() -> None:
    numbers = random.Random(0)
    for _ in range(2000):
        pattern = numbers.choices(["a", "b", "*", "**"], k=numbers.randint(1, 5))
        path = numbers.choices(["a", "b"], k=numbers.randint(1, 6))
        words = {"*": r"\w+/", "**": r"(?:\w+/)*"}
        expression = "".join(words.get(name, f"{name}/") for name in pattern)

        expected = re.fullmatch(expression, "".join(f"{name}/" for name in path)) is not None
        assert path_matches(pattern, path) is expected, (pattern, path)
