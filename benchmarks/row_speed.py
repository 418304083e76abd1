"""How long a trained predictor takes for one row, and for 64, on one thread.

Run it from the project's folder with ``python -m benchmarks.row_speed``. The default multi-feature is trained
for an epoch on the digits that ship, and answers the same rows again and again.
"""

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import typer

from nested_lightning import bootstrap
from nested_lightning.app.tables.table_file import read_table

PROJECT = Path(__file__).resolve().parents[1]
SIZES = (1, 64)
NUM_CALLS = 50


def quartiles(values: list[float]) -> tuple[str, str]:
    """Return the median, and both quartiles."""
    low, middle, high = statistics.quantiles(values, n=4)
    return f"{middle:.2f}", f"{low:.2f} to {high:.2f}"


def shipped_rows(count: int) -> list[dict[str, float]]:
    """Return the first rows of the digits that ship, with their label, as JSON would hold them."""
    return read_table(PROJECT / "app" / "data" / "shipped" / "mfeat.csv.gz").slice(0, count).to_pylist()


def main(rounds: int = 15) -> None:
    """Print milliseconds: medians of all rounds, each of which is the median of `NUM_CALLS` calls."""
    torch.set_num_threads(1)
    rows = shipped_rows(max(SIZES))
    with tempfile.TemporaryDirectory() as folder:
        settings = {"model": "multi-feature", "run_dir": f"{folder}/run", "trainer.max_epochs": 1}
        predictor = bootstrap(settings).train().predictor
        for size in SIZES:
            found = [_median_ms(predictor.predict, rows[:size]) for _ in range(rounds)]
            typer.echo(f"{size} rows: {' ms, '.join(quartiles(found))}")


def _median_ms(predict: Callable[[Any], object], rows: Any) -> float:
    found = []
    for _ in range(NUM_CALLS):
        began_at_s = time.perf_counter()
        predict(rows)
        found.append(1000 * (time.perf_counter() - began_at_s))
    return statistics.median(found)


if __name__ == "__main__":
    typer.run(main)
