"""Paths of submodules may be patterns, with the meaning that patterns of settings have."""

import pytest

from nested_lightning.app.checkpoints.submodule_names import matching_places

PLACES = {
    "head": "head",
    "extractors": "x",
    "extractors.kar": "x.kar",
    "extractors.kar.layers": "x.kar.layers",
}


@pytest.mark.parametrize(
    ("path", "places"),
    [
        ("rows.head", ["head"]),
        ("rows.extractors.*", ["x.kar"]),
        ("rows.extractors.**", ["x", "x.kar", "x.kar.layers"]),
        ("rows.**.layers", ["x.kar.layers"]),
        ("**.head", ["head"]),
        ("rows", []),
        ("other.head", []),
    ],
)
def test_a_pattern_means_the_submodules_that_it_meets(path: str, places: list[str]) -> None:
    assert matching_places(path, PLACES, family="rows") == places
