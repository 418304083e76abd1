"""A short share of the campaign over data files."""

from pathlib import Path

import pytest

from tests.campaign.data_files import run
from tests.campaign.data_kinds import KINDS


@pytest.mark.parametrize("kind", list(KINDS))
def test_a_file_that_was_not_changed_is_read(kind: str, tmp_path: Path) -> None:
    write, read = KINDS[kind]
    assert read(write(tmp_path)) is not None


@pytest.mark.slow
def test_changed_data_files_are_read_or_refused_in_one_line() -> None:
    outcomes = run(seed=7, count=24)
    assert {outcome for counts in outcomes.values() for outcome in counts} <= {"read", "refused"}
