"""Trainings in one process give what fresh processes give."""

import subprocess
import sys

import pytest

from tests.command_line import PROJECT


def _weights(*names: str) -> list[str]:
    command = [sys.executable, "-W", "ignore", "-m", "tests.containers.owning.trainings_in_a_row", *names]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[-1].split()


@pytest.mark.slow
def test_trainings_in_one_process_give_what_fresh_processes_give() -> None:
    (first,), (second,) = _weights("First"), _weights("Second")

    assert first != second
    assert _weights("First", "Second", "First") == [first, second, first]
