"""``new family``: one file and a test beside it, which work as they are."""

import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from nested_lightning.commands.program import app
from tests.command_line import ForkedPrograms, Program


@pytest.mark.slow
def test_new_family_writes_a_file_and_a_test_that_check_and_pytest_pass(
    program: Program, forked_programs: ForkedPrograms, tmp_path: Path
) -> None:
    assert "wrote ring_points.py" in program("new", "family", "ring-points").stdout

    checked = program("check", "--model", "ring_points.py:ring_points")
    assert "no fault was found" in checked.stdout
    words = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "0")
    tested = forked_programs.run_python(words, cwd=tmp_path, env=os.environ)
    assert "2 passed" in tested.stdout, tested.stdout + tested.stderr
    assert sorted(file.name for file in tmp_path.glob("*.py")) == ["ring_points.py", "test_ring_points.py"]


def test_new_family_overwrites_nothing(program: Program, tmp_path: Path) -> None:
    (tmp_path / "test_mine.py").write_text("")

    refused = program("new", "family", "mine")
    assert refused.returncode == 2
    assert "test_mine.py: is there already" in refused.stderr
    assert not (tmp_path / "mine.py").exists()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("My", "'My' can't be a family's name"),
        ("class", "'class' can't be a family's name"),
        ("trainer", "'trainer' can't be a family's name"),
        ("variant", "there is a family 'variant' already"),
        ("torch", "'torch' would hide"),
        ("encoder", "'encoder' would hide"),
    ],
)
def test_a_name_that_can_not_be_a_familys_is_refused(name: str, message: str) -> None:
    refused = CliRunner().invoke(app, ["new", "family", name])

    assert message in str(refused.exception)
