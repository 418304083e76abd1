"""How soon the command line answers, beside a `LightningCLI` program with the same models.

Run it from the project's folder with ``python -m benchmarks.start_up``, after
``pip install -c constraints.txt -e '.[benchmarks]'``. Whole processes, one after another, in turn; the first
round warms the disk and isn't counted.
"""

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table

PROJECT = Path(__file__).resolve().parents[1]
LIGHTNING_CLI = "LightningCLI --help"
COMPLETION = "completion of --set values"
COMMANDS = ("train", "resume", "evaluate", "predict", "config")
PROGRAMS: dict[str, list[str]] = {
    LIGHTNING_CLI: ["-m", "benchmarks.lightning_cli_program", "--help"],
    "--help": ["main.py", "--help"],
    **{f"{command} --help": ["main.py", command, "--help"] for command in COMMANDS},
    "models": ["main.py", "models"],
    "config": ["main.py", "config", "--model", "multi-feature"],
    COMPLETION: ["main.py"],
}


def main(repeats: int = 5) -> None:
    """Print the time of each command, and how many times less it is than that of ``LightningCLI --help``."""
    durations: dict[str, list[float]] = {name: [] for name in PROGRAMS}
    for round_ in range(repeats + 1):
        for name in PROGRAMS:
            duration_s = time_process(name)
            if round_:
                durations[name].append(duration_s)
    table = Table("command", "seconds", "min", "max", "times less", "min", "max")
    for name, values in durations.items():
        ratios = [slow / quick for slow, quick in zip(durations[LIGHTNING_CLI], values, strict=True)]
        cells = [f"{summary(values):.2f}" for summary in (statistics.median, min, max)]
        cells += [f"{summary(ratios):.1f}" for summary in (statistics.median, min, max)]
        table.add_row(name, *cells)
    Console().print(table)


def time_process(name: str) -> float:
    """Return the seconds that one process takes, from its start to its end.

    Raises:
        RuntimeError: It failed, or a completion gave nothing.
    """
    environ = {**os.environ, "PYTHONPATH": str(PROJECT)}
    if name == COMPLETION:
        words = "main.py train --set multi_feature.head.kind="
        environ |= {"_MAIN.PY_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": "3"}
    start_s = time.perf_counter()
    done = subprocess.run(
        [sys.executable, *PROGRAMS[name]], cwd=PROJECT, env=environ, capture_output=True, text=True
    )
    duration_s = time.perf_counter() - start_s
    if done.returncode or (name == COMPLETION and "linear" not in done.stdout):
        raise RuntimeError(f"{name}: {done.stdout}\n{done.stderr}")
    return duration_s


if __name__ == "__main__":
    typer.run(main)
