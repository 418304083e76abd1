"""A page whose examples are a session: files that are written, commands, and what these print.

``python -m tests.docs.console_page docs/first-day.md`` runs it in an empty folder and writes the output anew;
files that a page needs are named after it.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from doctest import ELLIPSIS, NORMALIZE_WHITESPACE, OutputChecker
from pathlib import Path

from tests.command_line import TIMEOUT_S, ForkedPrograms
from tests.docs.shell import Shell

_BLOCK = re.compile(r"^```(python|yaml|sh|console)\n(.*?)^```", re.DOTALL | re.MULTILINE)
_FILE_NAME = re.compile(r"# (\S+\.(?:py|yaml))\n")
_COMMAND = re.compile(r"^\$ (.*)\n?", re.MULTILINE)
_LONG_TIME = re.compile(r" \(\d+:\d\d:\d\d\)$", re.MULTILINE)  # which pytest adds after a minute
_FIGURE = re.compile(r"[-+]?\d[\d,:]*(\.\d+)?(e[-+]?\d+)?")
_HOME = "/home/you"
_SET_UP = re.compile(r"^fitting .*\n", re.MULTILINE)
_PASSING = re.compile(r"^epoch .*\n(?:(?:epoch .*|\.\.\.)\n)*(?=epoch )", re.MULTILINE)
_PROGRESS = re.compile(r"^(epoch .*\n)(?:epoch .*\n)+(epoch .*\n)", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Step:
    """A command of a page.

    Attributes:
        line: Where the page has it, from 1.
        command: As a reader types it.
        shown: What the page says that it prints.
        printed: What it printed, as a terminal has it.
    """

    line: int
    command: str
    shown: str
    printed: str

    @property
    def is_as_shown(self) -> bool:
        """Whether both are alike but for figures and passing progress; ``…`` stands for lines."""
        want, got = _masked(self.shown.replace("…\n", "...\n")), _masked(self.printed)
        return OutputChecker().check_output(want, got, ELLIPSIS | NORMALIZE_WHITESPACE)


def run_page(text: str, folder: Path, programs: ForkedPrograms, shell: Shell | None = None) -> Iterator[Step]:
    """Write each file and run each command of a page in their order.

    Args:
        text: The page. A block of Python or YAML that begins with a file's name is written to it.
        folder: Where it all happens.
        programs: Runs ``nested-lightning``.
        shell: Runs commands without output and keeps what failed; they are left out where it isn't given.

    Raises:
        AssertionError: A command fails, or ends with 2 without an error.
    """
    for found in _BLOCK.finditer(text):
        language, block = found.groups()
        line = text.count("\n", 0, found.start(2)) + 1
        if language == "sh":
            if shell:
                shell.run_block(block, line=line)
            continue
        if language != "console":
            if name := _FILE_NAME.match(block):
                (folder / name[1]).write_text(block)
            continue
        parts = _COMMAND.split(block)
        for command, shown in zip(parts[1::2], parts[2::2], strict=True):
            done = _run(shlex.split(command), folder, programs)
            *_, last = ["", *done.stdout.splitlines()]
            is_error = last.startswith("error: ")
            assert done.returncode == (2 if is_error else 0), f"line {line}: {command}\n{done.stdout}"
            printed = done.stdout.replace(str(folder), _HOME).replace(sys.prefix, f"{_HOME}/venv")
            yield Step(line=line, command=command, shown=shown, printed=printed)
            line += 1 + shown.count("\n")


def _run(words: list[str], folder: Path, programs: ForkedPrograms) -> subprocess.CompletedProcess[str]:
    program, *arguments = words
    env = {**os.environ, "COLUMNS": "110", "PYTEST_ADDOPTS": "", "TESTS_WITH_REPORTS": "1"}
    if arguments[0] == "-m":  # pytest warns of what was imported before it
        command = [sys.executable, *arguments]
        return subprocess.run(
            command,
            cwd=folder,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=TIMEOUT_S,
        )
    run = programs.run if program == "nested-lightning" else programs.run_python
    return run((*arguments,), cwd=folder, env=env, is_one_stream=True)


def _masked(output: str) -> str:
    for passing in (_SET_UP, _PASSING, _LONG_TIME):
        output = passing.sub("", output)
    return re.sub(r"[─━═]+", "─", _FIGURE.sub("#", output))


def _write_anew(path: Path, *needed: Path) -> None:
    with tempfile.TemporaryDirectory() as folder, closing(ForkedPrograms()) as programs:
        for file in needed:
            shutil.copy(file, folder)
        for step in run_page(path.read_text(), Path(folder), programs):
            printed = _SET_UP.sub("…\n", _PROGRESS.sub(r"\1…\n\2", step.printed))
            old, new = (f"$ {step.command}\n{output}" for output in (step.shown, printed))
            path.write_text(path.read_text().replace(old, new, 1))


if __name__ == "__main__":
    _write_anew(*map(Path, sys.argv[1:]))
