"""What the tests start the program with: its processes are as those that a user starts."""

import json
import os
from pathlib import Path

import pytest

from tests.command_line import ForkedPrograms, program_in, run_fresh

REPORT = """
import json, logging, os, random, signal, sys, tempfile, threading
import numpy, torch
print(json.dumps({
    "folder": os.getcwd(),
    "variables": dict(os.environ),
    "arguments": sys.argv[1:],
    "name": __name__,
    "path": sys.path[0],
    "threads": (threading.active_count(), torch.get_num_threads()),
    "signals": {n: str(signal.getsignal(n)) for n in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD)},
    "handlers": len(logging.root.handlers),
    "input": sys.stdin.read(),
    "is terminal": (sys.stdout.isatty(), sys.stderr.isatty()),
    "commands": [name for name in sys.modules if name.startswith("commands")],
}))
print(random.random(), numpy.random.rand(), torch.rand(1).item(), file=sys.stderr)
"""


@pytest.fixture
def own_programs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder whose ``main.py`` takes the place of ours."""
    monkeypatch.setattr("tests.command_line.MAIN", tmp_path / "main.py")
    return tmp_path


@pytest.mark.slow
def test_a_forked_process_begins_as_a_fresh_one_does(
    forked_programs: ForkedPrograms, own_programs: Path
) -> None:
    (own_programs / "main.py").write_text(REPORT)
    (own_programs / "here").mkdir()
    runs = [forked_programs.run, forked_programs.run, run_fresh]

    forked, again, fresh = (
        program_in(own_programs / "here", run)("say", "it", environ={"COLOUR": "red"}) for run in runs
    )

    report = json.loads(forked.stdout)
    assert report == json.loads(fresh.stdout)
    assert report["variables"]["COLOUR"] == "red"
    assert report["commands"] == []
    drawn = [done.stderr.split() for done in (forked, again, fresh)]
    assert len({number for numbers in drawn for number in numbers}) == 9


@pytest.mark.slow
@pytest.mark.parametrize(
    ("code", "status", "errors"),
    [
        ("raise SystemExit(3)", 3, ""),
        ("raise SystemExit('no sand')", 1, "no sand\n"),
        ("raise ValueError('no sand')", 1, "ValueError: no sand\n"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", -9, ""),
        ("import atexit; atexit.register(print, 'bye')", 0, ""),
    ],
)
def test_a_forked_process_ends_as_a_fresh_one_does(
    forked_programs: ForkedPrograms, own_programs: Path, code: str, status: int, errors: str
) -> None:
    (own_programs / "main.py").write_text(code)

    done = program_in(own_programs, forked_programs.run)()

    assert done.returncode == status
    assert done.stderr.endswith(errors)
    assert done.stdout == ("bye\n" if "atexit" in code else "")


@pytest.mark.slow
def test_what_one_process_changes_the_next_one_does_not_see(
    forked_programs: ForkedPrograms, own_programs: Path
) -> None:
    change = "import os, sys; os.environ['SAND'] = '1'; sys.modules['sand'] = os; os.chdir('/')"
    look = "import os, sys; print('SAND' in os.environ, 'sand' in sys.modules, os.getcwd())"
    program = program_in(own_programs, forked_programs.run)
    (own_programs / "main.py").write_text(change)
    assert program().returncode == 0
    (own_programs / "main.py").write_text(look)

    assert program().stdout.split() == ["False", "False", os.fspath(own_programs)]
