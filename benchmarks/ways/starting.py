"""Starts whole processes of a way: to their end, to the first step, or to a step where they are killed."""

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.ways.way import PROJECT

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(PROJECT), "PYTHONDONTWRITEBYTECODE": "", "COLUMNS": "200"}
"""Bytecode is kept, as of what is installed: the first run compiles it."""
_UNTIL_STEP = """
import os, runpy, signal, sys
from torch.optim.optimizer import register_optimizer_step_{moment}_hook

steps = 0

def count(*args):
    global steps
    steps += 1
    if steps == {number}:
        {deed}

register_optimizer_step_{moment}_hook(count)
sys.argv = sys.argv[1:]
sys.path[0] = os.path.dirname(sys.argv[0])
runpy.run_path(sys.argv[0], run_name="__main__")
raise SystemExit("it never came to step {number}")
"""
UNTIL_FIRST_STEP = _UNTIL_STEP.format(moment="pre", number=1, deed="os._exit(0)")
TIMEOUT_S = 300


@dataclass(frozen=True, kw_only=True)
class Done:
    """A process that has ended.

    Attributes:
        status: Its exit status, below 0 if a signal ended it.
        output: What it printed, errors included.
        duration_s: Seconds from its start to its end.
    """

    status: int
    output: str
    duration_s: float


def run(*words: str, folder: Path) -> Done:
    """Run Python with some arguments in a folder, to its end."""
    start_s = time.perf_counter()
    done = subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env=ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    return Done(status=done.returncode, output=done.stdout, duration_s=time.perf_counter() - start_s)


def finish(*words: str, folder: Path) -> Done:
    """Run Python with some arguments in a folder, to an end without an error.

    Raises:
        RuntimeError: It failed.
    """
    done = run(*words, folder=folder)
    if done.status:
        raise RuntimeError(f"{' '.join(words)} ended with {done.status}:\n{done.output}")
    return done


def kill_at(step: int, *words: str, folder: Path) -> None:
    """Run a script, and kill it behind a step of its optimiser.

    Raises:
        RuntimeError: It ended otherwise.
    """
    code = _UNTIL_STEP.format(moment="post", number=step, deed="os.kill(os.getpid(), signal.SIGKILL)")
    done = run("-c", code, *words, folder=folder)
    if done.status != -9:
        raise RuntimeError(f"{' '.join(words)} ended with {done.status}:\n{done.output}")
