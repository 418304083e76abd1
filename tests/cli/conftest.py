"""The program, in a folder of the test's own."""

from pathlib import Path

import pytest

from tests.command_line import ForkedPrograms, Program, program_in, run_fresh


@pytest.fixture
def program(forked_programs: ForkedPrograms, tmp_path: Path) -> Program:
    """Runs ``python main.py`` with arguments in a folder of its own, and gives output and exit status."""
    return program_in(tmp_path, forked_programs.run)


@pytest.fixture
def fresh_program(tmp_path: Path) -> Program:
    """The same in a process that nothing was imported for; each costs seconds."""
    return program_in(tmp_path, run_fresh)
