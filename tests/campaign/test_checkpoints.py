"""A short share of the campaign against checkpoints."""

import subprocess
import sys

import pytest

from tests.command_line import PROJECT

FAILURES = ("TRACEBACK", "CODE EXECUTED", "FILE DELETED", "OTHER WEIGHTS", "DIED")


@pytest.mark.slow
def test_damaged_and_hostile_checkpoints_do_no_harm() -> None:
    arguments = [sys.executable, "-m", "tests.campaign.checkpoints", "--seed", "7", "--count", "20"]
    done = subprocess.run(arguments, cwd=PROJECT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert "refused" in done.stdout
    assert not [word for word in FAILURES if word in done.stdout], done.stdout + done.stderr
