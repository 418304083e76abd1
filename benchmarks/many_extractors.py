"""Cost of a training step with many named extractors: stacked, and one by one.

Run it from the project's folder with ``python -m benchmarks.many_extractors``. Both are the same program
with the same fused optimiser; only ``multi_feature.min_stacked_extractors`` differs. Groups have 16 to 32
columns of random numbers. An epoch's time is the median within one training, with validation, logging and
checkpoints; it is divided by the steps of the epoch.
"""

import logging
import statistics
import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.epoch_clock import EpochClock
from nested_lightning import bootstrap, family_container, load_settings

NUM_ROWS = 2560
NUM_EPOCHS = 6
LEAST_WIDTH, MOST_WIDTH = 16, 32


def write_table(path: Path, *, num_groups: int) -> None:
    """Write a Parquet file with a label of four classes and groups of random numbers that hint at it."""
    generator = np.random.default_rng(0)
    label = generator.integers(4, size=NUM_ROWS)
    columns: dict[str, Any] = {"label": [f"class {each}" for each in label]}
    for group, width in enumerate(np.linspace(LEAST_WIDTH, MOST_WIDTH, num_groups).astype(int)):
        numbers = generator.normal(size=(NUM_ROWS, width)) + 0.1 * label[:, None]
        columns |= {f"g{group}_{column}": numbers[:, column].astype(np.float32) for column in range(width)}
    pq.write_table(pa.table(columns), path)


def time_step(path: Path, *, min_stacked: int | None, kind: str, batch_size: int, num_threads: int) -> float:
    """Return milliseconds for each training step, validation and checkpoints included."""
    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings(
            model="multi-feature",
            presets=["plain"] if kind == "plain" else [],
            assignments=[
                {
                    "run_dir": folder,
                    "trainer": {
                        "max_epochs": NUM_EPOCHS,
                        "accelerator": "cpu",
                        "use_progress_bar": False,
                        "num_threads": num_threads,
                    },
                    "multi_feature": {
                        "data": {"path": str(path), "label": "label", "batch_size": batch_size},
                        "min_stacked_extractors": min_stacked,
                    },
                }
            ],
        )
        run = family_container(bootstrap(settings)).training_run()
        clock = EpochClock()
        run.trainer.callbacks.insert(0, clock)
        run()
        return clock.median_epoch_s * 1000 / run.trainer.num_training_batches


def main(
    groups: list[int] | None = None, repeats: int = 5, batch_size: int = 32, num_threads: int = 2
) -> None:
    """Print the cost of a step for each number of extractors, and how many times faster the stack is."""
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    warnings.simplefilter("ignore")
    table = Table("extractors", "kind", "one by one, ms", "stacked, ms", "times faster", "least", "most")
    console = Console(stderr=True)
    for num_groups in groups or [32, 100, 300]:
        for kind in ("normalized", "plain"):
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "table.parquet"
                write_table(path, num_groups=num_groups)
                sizes: dict[str, Any] = {"kind": kind, "batch_size": batch_size, "num_threads": num_threads}
                pairs = [
                    (time_step(path, min_stacked=None, **sizes), time_step(path, min_stacked=8, **sizes))
                    for _ in track(range(repeats), description=f"{num_groups} {kind}", console=console)
                ]
            ratios = [loop / stacked for loop, stacked in pairs]
            table.add_row(
                str(num_groups),
                kind,
                *(f"{statistics.median(times):.2f}" for times in zip(*pairs, strict=True)),
                *(f"{summary(ratios):.1f}" for summary in (statistics.median, min, max)),
            )
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
