"""Commands of pages that show no output: each is run as a reader types it, or it is said here why not."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from tests.command_line import PROJECT, TIMEOUT_S

NOT_RUN = {
    "python -m venv": "downloads; .ci/run sets up like this",
    ".venv/bin/": "the tests themselves; .ci/run runs them",
    "pip install": "downloads; tests/test_packaging.py installs",
    "docker ": "needs Docker; .ci/run has the Dockerfile linted",
    "srun ": "needs a SLURM cluster; tests/cli/test_slurm.py stands in for one",
    "--ray-address": "needs a cluster of machines; tests/processes/test_ray.py has one here",
    "--storage postgresql:": "needs a PostgreSQL server",
    "hub:": "downloads; tests/cli/test_fetch.py has a hub of its own",
    "kind=waves": "needs an installed plug-in; tests/plugins installs it",
    "ludwig ": "another program; the page names the version that it was run with",
    "python train.py": "another program; benchmarks/ways runs it",
}
"""What a command has in it that can't be run here, and why not."""

SHORT = {
    "NESTED_LIGHTNING__TRAINER__MAX_EPOCHS": "1",
    "NESTED_LIGHTNING__TRAINER__LIMIT_TRAIN_BATCHES": "2",
    "NESTED_LIGHTNING__TRAINER__LIMIT_VAL_BATCHES": "2",
    "NESTED_LIGHTNING__TRAINER__LIMIT_TEST_BATCHES": "2",
    "NESTED_LIGHTNING__TRAINER__USE_REPORT": "false",
    "WANDB_MODE": "offline",
}
"""Variables that make trainings short, and leave commands as they are written."""

_BLOCK = re.compile(r"^```sh\n(.*?)^```", re.DOTALL | re.MULTILINE)
_COMMAND = re.compile(r"^(?:.*\\\n)*.*\n", re.MULTILINE)


def commands_of(block: str) -> Iterator[tuple[int, str]]:
    """Yield the commands of a block with the number of the line that each begins at, from 0."""
    for found in _COMMAND.finditer(block):
        if not found[0].startswith("#") and found[0].strip():
            yield block.count("\n", 0, found.start()), found[0].rstrip("\n")


def commands_of_page(page: Path) -> Iterator[tuple[int, str]]:
    """Yield the commands of a page's blocks with their lines."""
    text = page.read_text(encoding="utf-8")
    for block in _BLOCK.finditer(text):
        for line, command in commands_of(block[1]):
            yield text.count("\n", 0, block.start(1)) + line + 1, command


def why_not_run(command: str) -> str | None:
    """Return why a command isn't run; None: it is."""
    return next((why for part, why in NOT_RUN.items() if part in command), None)


class Shell:
    """Runs commands in a reader's folder, one after the other; a server runs until the next one, or the end.

    Args:
        folder: The reader's, with ``main.py`` in it as in a checkout.

    Attributes:
        failures: Line, command and output of each that failed.
    """

    def __init__(self, folder: Path) -> None:
        self.failures: list[str] = []
        self._folder = folder
        self._server: subprocess.Popen[str] | None = None
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        self._environ = {**os.environ, **SHORT, "PATH": path, "PYTHONPATH": str(PROJECT)}

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *failure: object) -> None:
        """Stop the server."""
        self._stop_server()

    def run_block(self, block: str, *, line: int) -> None:
        """Run those commands of a block that can be run; it begins in a line of its page."""
        for number, command in commands_of(block):
            if not why_not_run(command):
                self._run(command, line=line + number)

    def _run(self, command: str, *, line: int) -> None:
        process = subprocess.Popen(
            ["bash", "-c", f"exec {command}" if " serve " in command else command],
            cwd=self._folder,
            env=self._environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if " serve " in command:
            self._stop_server()
            self._server = process
            printed, is_well = _until_it_serves(process)
        else:
            printed, _ = process.communicate(timeout=2 * TIMEOUT_S)
            is_well = process.returncode == 0
        if not is_well:
            self.failures.append(f"line {line}: {command}\n{printed}")

    def _stop_server(self) -> None:
        if self._server:
            self._server.terminate()
            self._server.communicate(timeout=TIMEOUT_S)
            self._server = None


def _until_it_serves(process: subprocess.Popen[str]) -> tuple[str, bool]:
    """Return what a server prints before it serves, and whether it does."""
    assert process.stdout
    printed = ""
    for line in process.stdout:
        printed += line
        if line.startswith("serving "):
            return printed, True
    return printed, False
