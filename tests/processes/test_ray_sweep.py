"""A sweep whose trials are tasks of a Ray cluster."""

from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.campaign import sweep_kills
from tests.campaign.sweep_kills import sweep_small


@pytest.mark.slow
@pytest.mark.skipif(find_spec("ray") is None, reason="needs the extra ray")
def test_trials_on_ray_come_to_what_they_come_to_in_processes(
    tmp_path: Path, small_csv: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep_kills, "NUM_TRIALS", 3)

    for engine in ("lightning", "ray"):
        sweep_small(tmp_path / engine, small_csv, engine=engine)

    on_ray, in_processes = ((tmp_path / one / "trials.csv").read_text() for one in ("ray", "lightning"))
    assert on_ray == in_processes
    assert "complete" in on_ray
