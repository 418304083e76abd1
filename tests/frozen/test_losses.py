"""Losses of the first 20 steps, on one thread of the CPU in ``32-true``."""

from pathlib import Path

import pytest

from tests.frozen.comparing import assert_same
from tests.frozen.losses import NUM_STEPS, SET_UPS, record_losses
from tests.frozen.record import read_recording
from tests.quick_first import quick_first

TOLERANCE = 1e-4
"""Other processors add in another order."""


@pytest.mark.parametrize("name", quick_first(SET_UPS))
def test_losses_of_the_first_steps_are_as_recorded(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded = read_recording("losses")[name]
    monkeypatch.chdir(SET_UPS[name].folder)

    losses = record_losses(SET_UPS[name], tmp_path / "run")

    assert len(losses["steps"]) == NUM_STEPS
    assert_same(recorded, losses, tolerance=TOLERANCE)
