"""The boundary around readers of foreign files: one line that names the file."""

import os
from pathlib import Path

import pytest

from nested_lightning.app.errors import UserError
from nested_lightning.app.foreign_files import foreign_file, regular_file


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (UserError("no rows"), "a.csv: no rows"),
        (PermissionError(13, "Permission denied"), "a.csv: it can't be read (Permission denied)"),
        (OverflowError("too\nlarge"), "OverflowError: too large"),
        (RecursionError(), "RecursionError"),
        (MemoryError(), "a.csv: there isn't enough memory"),
    ],
)
def test_whatever_goes_wrong_while_reading_names_the_file_in_one_line(fault: Exception, words: str) -> None:
    with pytest.raises(UserError) as caught, foreign_file("a.csv"):
        raise fault
    assert words in str(caught.value)
    assert str(caught.value).startswith("a.csv: ")
    assert "\n" not in str(caught.value)


def test_a_long_value_is_not_repeated_whole() -> None:
    with pytest.raises(UserError) as caught, foreign_file("a.csv"):
        raise ValueError("9" * 100_000)
    assert len(str(caught.value)) < 400


def test_an_interruption_is_no_fault_of_the_file() -> None:
    with pytest.raises(KeyboardInterrupt), foreign_file("a.csv"):
        raise KeyboardInterrupt


def test_devices_pipes_folders_and_impossible_names_are_no_files(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (Path("/dev/zero"), pipe, tmp_path, tmp_path / "absent", "a\0b"):
        with pytest.raises(UserError):
            regular_file(path)
    there = tmp_path / "there"
    there.touch()
    assert regular_file(str(there)) == there
