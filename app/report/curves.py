"""The course of a training: losses, scores and rates, as metrics.csv and train.log have them."""

import csv
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from nested_lightning.app.foreign_files import foreign_file, regular_file
from nested_lightning.app.report.charts import Axes, Series, draw_chart
from nested_lightning.app.report.contents import Block, Chart, Text
from nested_lightning.app.training.runs.run_folder import RunFolder

_PART = re.compile(r"^(train|val|test)[/_]")
_ITEM = re.compile(r"\.[^.]+$")
"""That of one among several, as of ``reconstruction.3``."""
_RESUMED = re.compile(r" resumed at step (\d+)$", re.MULTILINE)
_RATE = "rate"
_MOST_CHARTS, _MOST_LINES = 12, 6
_ONE = 1 + 1e-6
"""What a sum of float32 shares comes to."""
Columns = Mapping[str, Mapping[int, float]]
"""Values of each metric by step."""


def curves(folder: RunFolder) -> Sequence[Block]:
    """Return charts of what was logged, each loss with its parts in one, and scores from 0 to 1 together.

    Raises:
        UserError: metrics.csv can't be read.
    """
    columns = read_metrics(folder.metrics_file)
    resumed = {"Resumed at step": resumed_at(folder.log_file)}
    charts = [
        draw_chart(
            title,
            {name: _series(columns[name]) for name in names},
            Axes(x="step", y=y, is_counted=True, marks=resumed),
        )
        for title, y, names in _charts(columns)
    ]
    if not charts:
        return [Text(text="Nothing was logged: the training has no whole epoch yet.", is_problem=True)]
    left_out = len(charts) - _MOST_CHARTS
    more = [Text(text=f"{left_out} more charts are left out; metrics.csv has all.")] if left_out > 0 else []
    return [*charts[:_MOST_CHARTS], *more]


def compare_curves(folders: Mapping[str, RunFolder]) -> Sequence[Block]:
    """Return a chart for each metric of several runs, by their names; a run may have logged nothing."""
    there = {name: folder.metrics_file for name, folder in folders.items() if folder.metrics_file.is_file()}
    by_run = {name: read_metrics(file) for name, file in there.items()}
    metrics = list(dict.fromkeys(metric for columns in by_run.values() for metric in columns))
    lacking = [name for name in folders if name not in there]
    note = Text(text=f"metrics.csv is missing: {', '.join(lacking)}.", is_problem=True)
    return [*([note] if lacking else []), *(_overlaid(metric, by_run) for metric in metrics[:_MOST_CHARTS])]


def _overlaid(metric: str, by_run: Mapping[str, Columns]) -> Chart:
    series = {run: _series(columns[metric]) for run, columns in by_run.items() if metric in columns}
    return draw_chart(metric, series, Axes(x="step", y=metric, is_counted=True))


def read_metrics(file: Path) -> dict[str, dict[int, float]]:
    """Return what was logged by metric and step; what a damaged file holds besides is left out.

    Raises:
        UserError: There is no such file.
    """
    columns: dict[str, dict[int, float]] = {}
    with foreign_file(regular_file(file)), file.open(encoding="utf-8", errors="replace", newline="") as text:
        for row in csv.DictReader(text):
            step = _number(row.get("step"))
            if step is None:
                continue
            for name, value in row.items():
                number = _number(value)
                if name not in (None, "step", "epoch") and number is not None:
                    columns.setdefault(name, {})[int(step)] = number
    return columns


def resumed_at(log_file: Path) -> list[int]:
    """Return the steps at which the training was taken up again, as its log says."""
    if not log_file.is_file():
        return []
    return [int(step) for step in _RESUMED.findall(log_file.read_text(encoding="utf-8", errors="replace"))]


def _number(text: object) -> float | None:
    try:
        return float(str(text)) if text else None
    except ValueError:
        return None


def _series(values: Mapping[int, float]) -> Series:
    return Series(xs=[*values], ys=[*values.values()])


def _charts(columns: Columns) -> Iterator[tuple[str, str, list[str]]]:
    """Yield title, name of the axis and metrics of each chart."""
    by_base: dict[str, list[str]] = {}
    for name in columns:
        by_base.setdefault(_ITEM.sub("", _PART.sub("", name)), []).append(name)
    shares = {base: names for base, names in by_base.items() if _are_shares(base, names, columns)}
    for base, names in by_base.items():
        if base not in shares and base != _RATE:
            yield base, base, names
    together = [name for names in shares.values() for name in names]
    pieces = [together[first : first + _MOST_LINES] for first in range(0, len(together), _MOST_LINES)]
    for number, names in enumerate(pieces, 1):
        yield f"Scores ({number} of {len(pieces)})" if len(pieces) > 1 else "Scores", "score", names
    if _RATE in by_base:
        yield "Learning rate", "rate", by_base[_RATE]


def _are_shares(base: str, names: Iterable[str], columns: Columns) -> bool:
    values = [value for name in names for value in columns[name].values() if math.isfinite(value)]
    return "loss" not in base and base != _RATE and all(0 <= value <= _ONE for value in values)
