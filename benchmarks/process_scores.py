"""Test scores with dropout, augmentation and other draws, in one process and in two that share batches.

Run it from the project's folder with ``python -m benchmarks.process_scores``; ``--family`` takes one alone.
Each family is trained with its defaults, on a share of the data that ship where all of them would take long,
for each seed once in one process and once in two, started by the command line with ``trainer.strategy=ddp``,
which make batches of the same size together.
"""

import json
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

PROJECT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, kw_only=True)
class Case:
    """How one family is trained, and which scores are compared.

    Attributes:
        batch_size: Samples of the batches that all processes make together, the default of the settings.
        num_epochs: Length of each training.
        scores: Names in ``results.json``.
        values: Further settings.
    """

    batch_size: int
    num_epochs: int
    scores: tuple[str, ...]
    values: dict[str, Any] = field(default_factory=dict)


SHARE = {"variant.variants.text.source.max_files": 24, "variant.variants.image.source.num_repeats": 4}
CASES = {
    "multi-feature": Case(batch_size=64, num_epochs=10, scores=("test_accuracy", "test_loss")),
    "image-to-text": Case(batch_size=32, num_epochs=6, scores=("test_word_accuracy", "test_loss")),
    "variant": Case(batch_size=32, num_epochs=3, scores=("test_macro_f1", "test_loss"), values=SHARE),
    "vae-gan": Case(batch_size=100, num_epochs=60, scores=("test_diversity", "test_frechet_distance")),
}


def train(folder: Path, *, family: str, seed: int, num_processes: int) -> dict[str, float]:
    """Train by the command line; return the test scores."""
    case = CASES[family]
    values = case.values | {
        "seed": seed,
        "trainer.max_epochs": case.num_epochs,
        "trainer.accelerator": "cpu",
        "trainer.use_progress_bar": "false",
        "trainer.num_threads": 1,
        f"{family.replace('-', '_')}.data.batch_size": case.batch_size // num_processes,
    }
    if num_processes > 1:
        values |= {"trainer.devices": num_processes, "trainer.strategy": "ddp"}
    assignments = [part for name, value in values.items() for part in ("--set", f"{name}={value}")]
    command = [sys.executable, "main.py", "train", "--model", family, "--no-check"]
    subprocess.run(
        [*command, "--run-dir", str(folder), *assignments], cwd=PROJECT, check=True, capture_output=True
    )
    scores: dict[str, float] = json.loads((folder / "results.json").read_text())["test"]
    return scores


def main(family: list[str] | None = None, seeds: int = 3) -> None:
    """Print the mean test scores of each number of processes, with those of the lowest and highest seed."""
    table = Table("family", "score", "one process", "two processes")
    for name in family or list(CASES):
        scores: dict[int, list[dict[str, float]]] = {1: [], 2: []}
        for seed in track(range(seeds), description=name, console=Console(stderr=True)):
            for num_processes, reached in scores.items():
                with tempfile.TemporaryDirectory() as folder:
                    run_dir = Path(folder) / "run"
                    reached.append(train(run_dir, family=name, seed=seed, num_processes=num_processes))
        for score in CASES[name].scores:
            table.add_row(name, score, *(_summarize([each[score] for each in scores[n]]) for n in scores))
    Console(width=110).print(table)


def _summarize(values: list[float]) -> str:
    return f"{statistics.mean(values):.4f} ({min(values):.4f} to {max(values):.4f})"


if __name__ == "__main__":
    typer.run(main)
