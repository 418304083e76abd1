"""A sweep whose trials are tasks of a Ray cluster."""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.command_line import PROJECT

SWEEP = """
import sys
from pathlib import Path
from tests.campaign import sweep_kills

sweep_kills.NUM_TRIALS = 3
sweep_kills.sweep_small(Path(sys.argv[1]), Path(sys.argv[2]), engine=sys.argv[3])
"""
"""In a process of its own, as Ray changes the environment of those that it is used in."""


@pytest.mark.slow
@pytest.mark.skipif(find_spec("ray") is None, reason="needs the extra ray")
def test_trials_on_ray_come_to_what_they_come_to_in_processes(tmp_path: Path, small_csv: Path) -> None:
    for engine in ("lightning", "ray"):
        command = [sys.executable, "-c", SWEEP, str(tmp_path / engine), str(small_csv), engine]
        done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    on_ray, in_processes = ((tmp_path / one / "trials.csv").read_text() for one in ("ray", "lightning"))
    assert on_ray == in_processes
    assert "complete" in on_ray
