"""One training at a time in a run folder, whatever becomes of the one before."""

import subprocess
import sys
from pathlib import Path

import pytest

from nested_lightning.app.errors import UserError
from nested_lightning.app.training.runs.run_folder import RunFolder

HOLDER = """
import sys, time
from pathlib import Path
from nested_lightning.app.training.runs.run_folder import RunFolder

with RunFolder(Path(sys.argv[1])).locked():
    print("locked", flush=True)
    time.sleep(60)
"""
PROJECT = Path(__file__).resolve().parents[4]


@pytest.mark.slow
def test_a_folder_is_locked_while_a_process_trains_in_it_and_free_when_it_is_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=PROJECT) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "locked\n"
        with (
            pytest.raises(UserError, match="another process is training in it"),
            RunFolder(tmp_path).locked(),
        ):
            pass
        holder.kill()
    with RunFolder(tmp_path).locked():
        assert RunFolder(tmp_path).lock_file.exists()


def test_a_lock_is_given_back_after_an_exception(tmp_path: Path) -> None:
    for _ in range(2):
        with pytest.raises(KeyError), RunFolder(tmp_path).locked():
            raise KeyError
