"""What is asked of each way; the answers come from processes as its author starts them."""

import json
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.ways.checkpoints import Difference, compare, name_foreign_class, newest, poison
from benchmarks.ways.starting import UNTIL_FIRST_STEP, finish, kill_at, run
from benchmarks.ways.way import Way

NUM_EPOCHS, KILLED_AT = 3, 38
"""An epoch has 27 steps, a checkpoint comes every 5."""
_PROBE = ("-m", "benchmarks.ways.probe")
_ERROR = re.compile(r"^\S.*error: |^error: |^\w*Error: ", re.IGNORECASE)


def time_first_step(way: Way) -> float:
    """Return the seconds from the start of a process to the first step of its optimiser."""
    with _folder() as folder:
        return finish("-c", UNTIL_FIRST_STEP, *way.training(1), folder=folder).duration_s


@dataclass(frozen=True, kw_only=True)
class Misspelt:
    """How a way answers to a setting `hiden_features` of a nested encoder.

    Attributes:
        status: Exit status, 0 if nothing was noticed.
        duration_s: Seconds until then.
        num_lines: Lines printed in all.
        message: From the last line that begins an error; all of it if none does.
        names_right_one: Whether it says what the name should have been.
    """

    status: int
    duration_s: float
    num_lines: int
    message: str
    names_right_one: bool


def misspell(way: Way) -> Misspelt:
    """Start a training with a letter missing in a setting's name."""
    with _folder() as folder:
        done = run(*way.training(1, way.misspelt), folder=folder)
    lines = [line for line in done.output.splitlines() if line.strip()]
    begins = [number for number, line in enumerate(lines) if _ERROR.search(line)]
    message = lines[begins[-1] if begins else 0 :]
    return Misspelt(
        status=done.status,
        duration_s=done.duration_s,
        num_lines=len(lines),
        message="\n".join(message),
        names_right_one="hidden_features" in done.output.replace("-", "_"),
    )


def put_in_double(way: Way) -> dict[str, Any]:
    """Return what `probe.double` finds."""
    with _folder() as folder:
        return _ask("double", way.folder, folder=folder)


@dataclass(frozen=True, kw_only=True)
class Opened:
    """How a checkpoint is opened in a new process.

    Attributes:
        alone: Whether the file is enough.
        error: Why not.
        in_run: Whether it opens in the folder of its run, with what the training left beside it.
        runs_pickle: Whether a hostile pickle in it was executed.
        imports_foreign: Whether a class put in the place of one that it names was imported; None if it names
            none.
    """

    alone: bool
    error: str
    in_run: bool
    runs_pickle: bool
    imports_foreign: bool | None


def open_later(way: Way) -> Opened:
    """Train with changed settings, and open the checkpoint elsewhere, then with harm in it."""
    with _folder() as folder:
        finish(*way.training(1, *way.changed), folder=folder)
        path = newest(folder)
        with _folder() as empty:
            found = _ask("open", way.folder, str(shutil.copy(path, str(empty))), folder=empty)
        function = "open_checkpoint" if found["is_open"] else "open_run"
        in_run = _ask("open", way.folder, str(path), f"--function={function}", folder=folder)
        return Opened(
            alone=found["is_open"],
            error=found["error"],
            in_run=in_run["is_open"],
            runs_pickle=_runs_pickle(way, path, function),
            imports_foreign=_imports_foreign(way, path, function),
        )


def _runs_pickle(way: Way, path: Path, function: str) -> bool:
    hostile = path.with_name("hostile.ckpt")
    mark = path.with_name("executed")
    poison(path, hostile, mark)
    run(*_PROBE, "open", way.folder, str(hostile), f"--function={function}", folder=path.parent)
    return mark.exists()


def _imports_foreign(way: Way, path: Path, function: str) -> bool | None:
    foreign = path.with_name("foreign.ckpt")
    if not name_foreign_class(path, foreign):
        return None
    run(*_PROBE, "open", way.folder, str(foreign), f"--function={function}", folder=path.parent)
    return path.with_name("imported").exists()


@dataclass(frozen=True, kw_only=True)
class Resumed:
    """How a training that was killed in mid-epoch, and went on, differs from one that wasn't.

    Attributes:
        control: Two that weren't killed.
        resumed: One that was.
    """

    control: Difference
    resumed: Difference


def resume(way: Way) -> Resumed:
    """Train twice, and a third time with a kill in between."""
    with _folder() as first, _folder() as second, _folder() as third:
        for folder in (first, second):
            finish(*way.training(NUM_EPOCHS), folder=folder)
        kill_at(KILLED_AT, *way.training(NUM_EPOCHS), folder=third)
        finish(*way.resuming(NUM_EPOCHS), folder=third)
        whole = newest(first)
        return Resumed(control=compare(whole, newest(second)), resumed=compare(whole, newest(third)))


def _ask(*words: str, folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(finish(*_PROBE, *words, folder=folder).output.splitlines()[-1])
    return found


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)
