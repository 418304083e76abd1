"""A short share of the campaign against checkpoints."""

import pytest

from tests.command_line import Program

CAMPAIGN = "import runpy; runpy.run_module('tests.campaign.checkpoints', run_name='__main__')"
FAILURES = ("TRACEBACK", "CODE EXECUTED", "FILE DELETED", "OTHER WEIGHTS", "DIED")


@pytest.mark.slow
def test_damaged_and_hostile_checkpoints_do_no_harm(forked_code: Program) -> None:
    done = forked_code(CAMPAIGN, "--seed", "7", "--count", "14")

    assert done.returncode == 0, done.stderr
    assert "refused" in done.stdout
    assert not [word for word in FAILURES if word in done.stdout], done.stdout + done.stderr
