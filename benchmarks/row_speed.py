"""How long a trained predictor takes for one row, and for 64, beside its model alone, on one thread.

Run it from the project's folder with ``python -m benchmarks.row_speed``. The default multi-feature is trained
for an epoch on the digits that ship, and answers the same rows again and again: as a program holds them, and
as tensors that were made of them before, in turn.
"""

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import torch
import typer

from nested_lightning import bootstrap
from nested_lightning.app.tables.table_file import read_table

PROJECT = Path(__file__).resolve().parents[1]
SIZES = (1, 64)
NUM_CALLS = 50


def shown(values: list[float]) -> str:
    """Return the median with both quartiles."""
    low, middle, high = statistics.quantiles(values, n=4)
    return f"{middle:.2f} ({low:.2f} to {high:.2f})"


def shipped_rows(count: int) -> list[dict[str, float]]:
    """Return the first rows of the digits that ship, with their label, as JSON would hold them."""
    return read_table(PROJECT / "app" / "data" / "shipped" / "mfeat.csv.gz").slice(0, count).to_pylist()


def main(rounds: int = 15) -> None:
    """Print milliseconds and ratios: medians of rounds, each of which is the median of `NUM_CALLS` calls."""
    torch.set_num_threads(1)
    rows = shipped_rows(max(SIZES))
    with tempfile.TemporaryDirectory() as folder:
        settings = {"model": "multi-feature", "run_dir": f"{folder}/run", "trainer.max_epochs": 1}
        predictor = bootstrap(settings).train().predictor
        for size in SIZES:
            ready = predictor.encode(pa.Table.from_pylist(rows[:size]))
            pairs = [
                (_median_ms(predictor.predict, rows[:size]), _median_ms(predictor.predict, ready))
                for _ in range(rounds)
            ]
            whole, alone = map(list, zip(*pairs, strict=True))
            times = [one / other for one, other in pairs]
            typer.echo(
                f"{size} rows: {shown(whole)} ms; the model alone {shown(alone)} ms; {shown(times)} times"
            )


def _median_ms(predict: Callable[[Any], object], rows: Any) -> float:
    found = []
    for _ in range(NUM_CALLS):
        began_at_s = time.perf_counter()
        predict(rows)
        found.append(1000 * (time.perf_counter() - began_at_s))
    return statistics.median(found)


if __name__ == "__main__":
    typer.run(main)
