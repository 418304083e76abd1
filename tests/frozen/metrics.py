"""The metrics that a training wrote."""

import csv
from pathlib import Path

Row = dict[str, float]
_LATER = ("rate",)
"""What the releases whose run folders are frozen did not write."""


def read_metrics(run_dir: Path) -> list[Row]:
    """Return the rows of a run folder's metrics, each with the names that it has a value of."""
    with (run_dir / "metrics.csv").open(encoding="utf-8", newline="") as file:
        rows = [*csv.DictReader(file)]
    return [{name: float(text) for name, text in row.items() if text and name not in _LATER} for row in rows]
