"""The real program, run as a user runs it: by a new process each, with real output and exit status."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parents[1]
MAIN = PROJECT / "main.py"
TIMEOUT_S = 300
"""For a program; it is only met where something hangs."""

Program = Callable[..., subprocess.CompletedProcess[str]]
"""Takes the arguments of a command line, and ``environ`` with variables besides those of the tests."""


class ForkedPrograms:
    """Runs ``python main.py`` in processes that need not import torch and Lightning first.

    They are forked from one that has done so (`tests.forking_process`), which costs a tenth. Everything else
    is as in a fresh process: folder, variables, files, output, exit status, and how it all ends.
    """

    def __init__(self) -> None:
        self._environ = {**os.environ}
        self._requests, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        command = [sys.executable, str(PROJECT / "tests" / "forking_process.py"), str(theirs.fileno())]
        with theirs:
            self._process = subprocess.Popen(
                command,
                env=self._environ,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )

    def run(
        self,
        arguments: tuple[str, ...],
        *,
        cwd: Path,
        env: Mapping[str, str],
        is_one_stream: bool = False,
    ) -> subprocess.CompletedProcess[str]:
        """Run the program to its end.

        Args:
            arguments: Its own.
            cwd: Its folder.
            env: Its variables.
            is_one_stream: Whether errors go to standard output, as in a terminal.
        """
        return self.run_python((str(MAIN), *arguments), cwd=cwd, env=env, is_one_stream=is_one_stream)

    def run_code(
        self, arguments: tuple[str, ...], *, cwd: Path, env: Mapping[str, str]
    ) -> subprocess.CompletedProcess[str]:
        """Run what ``python -c`` runs: Python code, the first argument."""
        return self.run_python(("-c", *arguments), cwd=cwd, env=env)

    def run_python(
        self,
        arguments: tuple[str, ...],
        *,
        cwd: Path,
        env: Mapping[str, str],
        is_one_stream: bool = False,
    ) -> subprocess.CompletedProcess[str]:
        """Run what ``python`` runs with these arguments: a file, ``-m`` and a module, or ``-c`` and code."""
        late = [
            name
            for name, value in env.items()
            if name.startswith("PYTHON") and value != self._environ.get(name)
        ]
        assert not late, f"{late} would come too late for a Python that runs already: use a fresh process"
        request = json.dumps({"arguments": arguments, "cwd": str(cwd), "env": dict(env)})
        answers, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors, answers:
            with theirs:
                descriptors = [
                    theirs.fileno(),
                    output.fileno(),
                    (output if is_one_stream else errors).fileno(),
                ]
                socket.send_fds(self._requests, [request.encode()], descriptors)
            status = _wait(answers, arguments)
            output.seek(0)
            errors.seek(0)
            return subprocess.CompletedProcess(arguments, status, output.read(), errors.read())

    def close(self) -> None:
        """End the process that forks."""
        self._requests.close()
        self._process.wait()


def _wait(answers: socket.socket, arguments: tuple[str, ...]) -> int:
    """Return the exit status, which comes behind the number of the process."""
    process = int(answers.recv(100))  # for the first one all imports have to be waited for
    answers.settimeout(TIMEOUT_S)
    try:
        return int(answers.recv(100))
    except TimeoutError:
        os.kill(process, signal.SIGKILL)
        raise subprocess.TimeoutExpired(arguments, TIMEOUT_S) from None


def run_fresh(
    arguments: tuple[str, ...], *, cwd: Path, env: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run ``python main.py`` in a process that begins with nothing, as a user's does."""
    command = [sys.executable, str(MAIN), *arguments]
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=TIMEOUT_S)


def program_in(folder: Path, run: Callable[..., Any]) -> Program:
    """Return a function that runs the program in a folder, with `ForkedPrograms.run` or `run_fresh`."""

    def program(*arguments: str, environ: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        own = {name: value for name, value in os.environ.items() if not name.startswith("NESTED_LIGHTNING")}
        done: subprocess.CompletedProcess[str] = run(
            arguments, cwd=folder, env={**own, "COLUMNS": "200", **(environ or {})}
        )
        return done

    return program
