"""How late the first step of a training comes, beside a bare Lightning script with the same data.

Run it from the project's folder with ``python -m benchmarks.first_step``. Whole processes from their start
to the first step of the optimiser, ours and the bare one in turn; the first pair isn't counted.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table

PROJECT = Path(__file__).resolve().parents[1]
UNTIL_FIRST_STEP = """
import os, runpy, sys
from torch.optim.optimizer import register_optimizer_step_pre_hook

def leave(*args):
    os._exit(0)

register_optimizer_step_pre_hook(leave)
sys.argv = sys.argv[1:]
if sys.argv[0].endswith(".py"):
    sys.path.insert(0, os.getcwd())
    runpy.run_path(sys.argv[0], run_name="__main__")
else:
    runpy.run_module(sys.argv[0], run_name="__main__")
raise SystemExit("it took no step")
"""
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(PROJECT), "PYTHONDONTWRITEBYTECODE": ""}
"""Bytecode is kept, as of what is installed: the first pair compiles it."""
OURS = ("main.py", "train", "--model", "multi-feature", "--device", "cpu")
BARE = ("benchmarks.bare_lightning",)


def main(pairs: int = 15) -> None:
    """Print the seconds until the first step, and how many times later ours comes: medians with quartiles."""
    seconds: dict[str, list[float]] = {"bare Lightning script": [], "train --model multi-feature": []}
    for number in range(pairs + 1):
        found = time_first_step(*BARE), time_first_step(*OURS)
        if number:
            for values, value in zip(seconds.values(), found, strict=True):
                values.append(value)
    bare, ours = seconds.values()
    ratios = [late / early for late, early in zip(ours, bare, strict=True)]
    table = Table("until the first step", "median", "quartile", "quartile", "least", "most")
    for name, values in (*seconds.items(), ("times later", ratios)):
        low, middle, high = statistics.quantiles(values, n=4)
        numbers = (middle, low, high, min(values), max(values))
        table.add_row(name, *(f"{value:.2f}" for value in numbers))
    Console().print(table)


def time_first_step(*program: str) -> float:
    """Return the seconds from the start of a process to the first step of its optimiser.

    Raises:
        RuntimeError: It failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        if program == OURS:
            program = (*OURS, "--run-dir", f"{folder}/run")
        start_s = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-c", UNTIL_FIRST_STEP, *program],
            cwd=PROJECT,
            env=ENVIRONMENT,
            capture_output=True,
            text=True,
            check=False,
        )
        duration_s = time.perf_counter() - start_s
    if done.returncode:
        raise RuntimeError(f"{' '.join(program)}: {done.stdout}\n{done.stderr}")
    return duration_s


if __name__ == "__main__":
    typer.run(main)
