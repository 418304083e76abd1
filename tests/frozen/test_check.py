"""Faults and rows of `check`, nodes and edges of `graph`."""

import platform
from typing import Any

import pytest

from tests.frozen.checks import record_set_up
from tests.frozen.comparing import assert_same
from tests.frozen.record import checked_set_ups, drawn_set_ups, read_recording
from tests.frozen.set_ups import FAMILIES, SetUp

SET_UPS = [
    pytest.param(name, set_up, id=f"{family}-{name}")
    for family in FAMILIES
    for name, set_up in checked_set_ups(family).items()
]


def _recorded(name: str, set_up: SetUp) -> dict[str, Any]:
    recording = read_recording(set_up.family)
    if set_up.is_slow and recording["python"] != platform.python_version():
        pytest.skip(f"recorded of the library of Python {recording['python']}")
    return {kind: recording[kind][name] for kind in ("check", "graph") if name in recording[kind]}


@pytest.mark.slow
@pytest.mark.parametrize(("name", "set_up"), SET_UPS)
def test_check_finds_and_graph_draws_what_is_recorded(
    name: str, set_up: SetUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded = _recorded(name, set_up)
    monkeypatch.chdir(set_up.folder)

    assert_same(recorded, record_set_up(set_up, is_drawn="graph" in recorded))


def test_check_is_recorded_of_each_set_up_and_of_nothing_else() -> None:
    for family in FAMILIES:
        recording = read_recording(family)
        assert set(recording["check"]) == set(checked_set_ups(family))
        assert set(recording["graph"]) == set(drawn_set_ups(family))
