"""Test scores with dropout and batch normalisation, in one process and in two that share batches.

Run it from the project's folder with ``python -m benchmarks.process_scores``. The default ``multi-feature``
is trained on the digits that ship, for each seed once in one process and once in two, started by the command
line with ``trainer.strategy=ddp``, which make batches of the same size together.
"""

import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table

BATCH_SIZE = 32  # the default of the settings
PROJECT = Path(__file__).resolve().parents[1]


def train(folder: Path, *, seed: int, num_processes: int, num_epochs: int) -> dict[str, float]:
    """Train by the command line; return the test scores."""
    values = {
        "seed": seed,
        "trainer.max_epochs": num_epochs,
        "trainer.accelerator": "cpu",
        "trainer.use_progress_bar": "false",
        "multi_feature.data.batch_size": BATCH_SIZE // num_processes,
    }
    if num_processes > 1:
        values |= {"trainer.devices": num_processes, "trainer.strategy": "ddp"}
    assignments = [part for name, value in values.items() for part in ("--set", f"{name}={value}")]
    command = [sys.executable, "main.py", "train", "--model", "multi-feature", "--no-check"]
    subprocess.run(
        [*command, "--run-dir", str(folder), *assignments], cwd=PROJECT, check=True, capture_output=True
    )
    scores: dict[str, float] = json.loads((folder / "results.json").read_text())["test"]
    return scores


def main(seeds: int = 3, num_epochs: int = 15) -> None:
    """Print the mean test scores of each number of processes, with those of the lowest and highest seed."""
    table = Table("processes", "test accuracy", "lowest", "highest", "test loss", "lowest", "highest")
    for num_processes in (1, 2):
        scores = []
        for seed in range(seeds):
            with tempfile.TemporaryDirectory() as folder:
                run_dir = Path(folder) / "run"
                scores.append(train(run_dir, seed=seed, num_processes=num_processes, num_epochs=num_epochs))
        cells = []
        for name in ("test_accuracy", "test_loss"):
            values = [each[name] for each in scores]
            cells += [f"{summary(values):.4f}" for summary in (statistics.mean, min, max)]
        table.add_row(str(num_processes), *cells)
    Console(width=110).print(table)


if __name__ == "__main__":
    typer.run(main)
