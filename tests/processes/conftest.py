from pathlib import Path

import pytest

from tests.command_line import ForkedPrograms
from tests.processes.made_once import run_once


@pytest.fixture(scope="session")
def trained(shared_folder: Path, forked_programs: ForkedPrograms) -> Path:
    """A folder with the run folders of `tests.processes.trainings`."""
    return run_once(shared_folder / "processes", "tests.processes.trainings", forked_programs)
