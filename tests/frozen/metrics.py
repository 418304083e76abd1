"""The metrics that a training wrote."""

import csv
from pathlib import Path

Row = dict[str, float]


def read_metrics(run_dir: Path) -> list[Row]:
    """Return the rows of a run folder's metrics, each with the names that it has a value of."""
    with (run_dir / "metrics.csv").open(encoding="utf-8", newline="") as file:
        return [{name: float(text) for name, text in row.items() if text} for row in csv.DictReader(file)]
