"""Training on rows in memory and on rows in files: seconds of an epoch, and peak memory.

Run it from the project's folder with ``python -m benchmarks.streaming``. It writes a CSV file of random
numbers and trains the plain ``multi-feature`` on it with its rows in memory and on the disk in turn, each
time in a new process. The memory that a large table needs is measured with ``--rows 5000000 --batch-size 1024
--epochs 3 --storages disk --repeats 1``.
"""

import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import numpy as np
import pyarrow as pa
import typer
from pyarrow import csv
from rich.console import Console
from rich.table import Table

BLOCK_ROWS = 50_000
NUM_CLASSES = 4


def write_table(path: Path, *, num_rows: int, num_features: int) -> None:
    """Write a CSV file of four groups of numbers, and a class that depends on all of them."""
    rng = np.random.default_rng(0)
    weights = rng.normal(size=(num_features, NUM_CLASSES))
    names = [f"{'abcd'[index % 4]}{index // 4}" for index in range(num_features)]
    schema = pa.schema([*((name, pa.float32()) for name in names), ("class", pa.int64())])
    with csv.CSVWriter(path, schema) as writer:
        for start in range(0, num_rows, BLOCK_ROWS):
            values = rng.normal(size=(min(BLOCK_ROWS, num_rows - start), num_features)).astype(np.float32)
            columns = [*values.T.round(4), (values @ weights).argmax(axis=1)]
            writer.write_table(pa.table(columns, schema=schema))


def train(path: Path, *, storage: str, batch_size: int, num_epochs: int) -> dict[str, float]:
    """Train in a process of its own; return what `benchmarks.streamed_training` prints."""
    with tempfile.TemporaryDirectory() as folder:
        arguments = [path, storage, batch_size, num_epochs, folder]
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.streamed_training", *map(str, arguments)],
            check=True,
            capture_output=True,
            text=True,
        )
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def main(
    rows: int = 200_000,
    features: int = 40,
    batch_size: int = 64,
    epochs: Annotated[int, typer.Option(help="The first and the last one are not timed.", min=3)] = 4,
    repeats: int = 5,
    storages: Annotated[str, typer.Option(help="Which of memory and disk, with a comma between.")] = (
        "memory,disk"
    ),
) -> None:
    """Print seconds of an epoch and peak memory, with medians, least and most of the repeats."""
    kinds = storages.split(",")
    runs: dict[str, list[dict[str, float]]] = {kind: [] for kind in kinds}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        write_table(path, num_rows=rows, num_features=features)
        for _ in range(repeats):
            for kind in kinds:
                runs[kind].append(train(path, storage=kind, batch_size=batch_size, num_epochs=epochs))
        size_mib = path.stat().st_size / 2**20
    title = f"{rows:,} rows by {features} features ({size_mib:,.0f} MiB of CSV), batch {batch_size:,}"
    table = Table("rows in", "s an epoch", "s to prepare", "peak MiB", "MiB before the data", title=title)
    for kind, results in runs.items():
        cells = [
            [each[name] for each in results] for name in ("epoch_s", "prepare_s", "peak_mib", "base_mib")
        ]
        table.add_row(kind, *map(_summary, cells))
    console = Console(width=120)
    console.print(table)
    if len(kinds) == 2:
        pairs = zip(*(runs[kind] for kind in kinds), strict=True)
        ratios = [first["epoch_s"] / second["epoch_s"] for first, second in pairs]
        console.print(f"speed with rows in {kinds[1]} / in {kinds[0]}: {_summary(ratios)}")


def _summary(values: list[float]) -> str:
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


if __name__ == "__main__":
    typer.run(main)
