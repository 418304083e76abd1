"""Faults and rows of `check`, nodes and edges of `graph`."""

import platform
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.frozen.checks import record_check, record_graph
from tests.frozen.comparing import assert_same
from tests.frozen.record import checked_set_ups, drawn_set_ups, read_recording
from tests.frozen.set_ups import FAMILIES, SetUp


def _each(set_ups: Callable[[str], Mapping[str, SetUp]]) -> list[Any]:
    return [
        pytest.param(name, set_up, marks=[pytest.mark.slow] if set_up.is_slow else [], id=f"{family}-{name}")
        for family in FAMILIES
        for name, set_up in set_ups(family).items()
    ]


def _recorded(set_up: SetUp) -> Any:
    recording = read_recording(set_up.family)
    if set_up.is_slow and recording["python"] != platform.python_version():
        pytest.skip(f"recorded of the library of Python {recording['python']}")
    return recording


@pytest.mark.slow
@pytest.mark.parametrize(("name", "set_up"), _each(checked_set_ups))
def test_check_finds_the_recorded_faults_and_rows(
    name: str, set_up: SetUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded = _recorded(set_up)["check"][name]
    monkeypatch.chdir(set_up.folder)

    assert_same(recorded, record_check(set_up))


@pytest.mark.slow
@pytest.mark.parametrize(("name", "set_up"), _each(drawn_set_ups))
def test_graph_has_the_recorded_nodes_and_edges(
    name: str, set_up: SetUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded = _recorded(set_up)["graph"][name]
    monkeypatch.chdir(set_up.folder)

    assert_same(recorded, record_graph(set_up))


def test_check_is_recorded_of_each_set_up_and_of_nothing_else() -> None:
    for family in FAMILIES:
        recording = read_recording(family)
        assert set(recording["check"]) == set(checked_set_ups(family))
        assert set(recording["graph"]) == set(drawn_set_ups(family))
