"""Whether several groups of columns of different sorts say more together than each of them by itself.

Run it from the project's folder with ``python -m benchmarks.late_fusion``, after
``pip install -c constraints.txt -e '.[benchmarks]'``. One table is drawn: a number, a category, a date and a
text each know a part of the target. The other is real: 398 cars of the package vega_datasets, with their
engines, origin, year and name, and the miles that they go with a gallon. Five folds, default settings.
"""

import json
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

import nested_lightning as nl

Columns = Mapping[str, Sequence[Any]]

NUM_ROWS = 600
_SEASONS = np.datetime64("2023-01-01")
_WORDS = ("a dull day at sea", "some wind and clouds", "bright sun over hills", "a storm of snow and ice")


def draw_table() -> tuple[Columns, dict[str, list[str]]]:
    """Return a drawn table, and its groups: each adds a part of the same size to the target."""
    random = np.random.default_rng(0)
    number = random.normal(size=NUM_ROWS)
    category, word = random.integers(0, 4, NUM_ROWS), random.integers(0, 4, NUM_ROWS)
    day = random.integers(0, 365, NUM_ROWS)
    season = np.sin(2 * np.pi * day / 365)
    parts = [number, *((one - one.mean()) / one.std() for one in (category, word, season))]
    table = {
        "load": number.tolist(),
        "place": [f"place {value}" for value in category],
        "when": [str(_SEASONS + np.timedelta64(int(value), "D")) for value in day],
        "note": [_WORDS[value] for value in word],
        "target": (sum(parts) + random.normal(scale=0.5, size=NUM_ROWS)).tolist(),
    }
    return table, {"numbers": ["load"], "categories": ["place"], "dates": ["when"], "text": ["note"]}


def read_cars() -> tuple[Columns, dict[str, list[str]]]:
    """Return the cars whose miles are known, and the groups of their columns.

    Raises:
        typer.BadParameter: vega_datasets isn't installed.
    """
    spec = find_spec("vega_datasets")
    if spec is None or spec.origin is None:
        raise typer.BadParameter("the real table is in the package vega_datasets: pip install vega_datasets")
    file = Path(spec.origin).parent / "_data" / "cars.json"
    rows = [row for row in json.loads(file.read_text()) if row["Miles_per_Gallon"] is not None]
    names = {"Miles_per_Gallon": "target", "Weight_in_lbs": "Weight"}
    table = {names.get(name, name): [row[name] for row in rows] for name in rows[0]}
    engine = ["Cylinders", "Displacement", "Horsepower", "Weight", "Acceleration"]
    return table, {"numbers": engine, "categories": ["Origin"], "dates": ["Year"], "text": ["Name"]}


def score(table: Columns, groups: Mapping[str, Sequence[str]]) -> tuple[float, float]:
    """Return mean and deviation of R² over five folds, with these groups alone."""
    kept = {name for members in groups.values() for name in members}
    settings = {
        "model": "multi-feature",
        "multi_feature.data": {
            "label": "target",
            "missing": "mean",
            "texts": groups.get("text", []),
            "grouping": {"kind": "explicit", "groups": {name: [*names] for name, names in groups.items()}},
        },
        "multi_feature.objective.kind": "number",
        "trainer": {"use_progress_bar": False, "accelerator": "cpu"},
    }
    data = {name: values for name, values in table.items() if name in {*kept, "target"}}
    with tempfile.TemporaryDirectory() as folder:
        result = nl.cross_validate({**settings, "run_dir": f"{folder}/folds"}, 5, data=data)
    found = result.scores["r2"]
    return found.mean, found.std


def main() -> None:
    """Print R² of all groups together and of each one, for both tables."""
    warnings.simplefilter("ignore")
    shown = Table("table", "all groups", "numbers", "categories", "dates", "text")
    for name, (table, groups) in {"drawn": draw_table(), "cars": read_cars()}.items():
        chosen = [groups, *({one: groups[one]} for one in ("numbers", "categories", "dates", "text"))]
        cells = [f"{mean:.3f} ± {deviation:.3f}" for mean, deviation in (score(table, one) for one in chosen)]
        shown.add_row(name, *cells)
    Console(width=110).print(shown)


if __name__ == "__main__":
    typer.run(main)
