"""A table in memory with columns of each sort, and something to predict for each kind of objective."""

from pathlib import Path
from typing import Any

import numpy as np

from nested_lightning import bootstrap
from nested_lightning.settings.choices.objectives import OBJECTIVES
from nested_lightning.settings.reading.merging import merge

Columns = dict[str, list[Any]]

KINDS = [kind for kind in OBJECTIVES.choices if kind != "auto"]
COLOURS, WORDS = ("red", "green", "blue"), ("small", "old", "quiet", "round", "sweet")
SPLIT = ("train", "train", "train", "val", "test", "train")


def features_of(num_rows: int = 120) -> Columns:
    """Return columns of numbers, of categories, of dates, of lists and of texts."""
    random = np.random.default_rng(0)
    days = np.datetime64("2024-01-01") + random.integers(365, size=num_rows)
    return {
        "size": random.normal(size=num_rows).tolist(),
        "mass": random.normal(size=num_rows).tolist(),
        "colour": random.choice(COLOURS, num_rows).tolist(),
        "bought": [str(day) for day in days],
        "load": [random.normal(size=1 + row % 4).tolist() for row in range(num_rows)],
        "note": [f"a {random.choice(WORDS)} thing, number {row}" for row in range(num_rows)],
        "split": [SPLIT[row % len(SPLIT)] for row in range(num_rows)],
    }


def target_of(kind: str, size: list[float]) -> Any:
    """Return a column for an objective of a kind, which follows from another one: as many cells."""
    targets: dict[str, Any] = {
        "classes": [COLOURS[(value > -0.5) + (value > 0.5)] for value in size],
        "binary": ["yes" if value > 0.5 else "no" for value in size],
        "number": [1e6 + 1e5 * value for value in size],
        "counts": [int(4 + 3 * abs(value)) for value in size],
        "labels": [[name for name, has in (("big", value > 0), ("odd", value < 1)) if has] for value in size],
    }
    return targets[kind]


def table_for(kind: str, features: Columns | None = None) -> Columns:
    """Return features and what an objective of a kind predicts: column ``y``, of several ``z`` too."""
    columns = features_of() if features is None else dict(features)
    size = columns.get("size") or features_of(len(next(iter(columns.values()))))["size"]
    if kind == "several":
        return {**columns, "y": target_of("number", size), "z": target_of("classes", size)}
    return {**columns, "y": target_of(kind, size)}


def settings_for(kind: str, run: Path | None = None, **data: Any) -> dict[str, Any]:
    """Return settings of a training of one epoch on `table_for` that kind."""
    several = {"label": None}, {"objectives": {"y": {"kind": "number"}, "z": {"kind": "classes"}}}
    label, objective = several if kind == "several" else ({"label": "y"}, {"objective": {"kind": kind}})
    settings = {
        "model": "multi-feature",
        "trainer": {"max_epochs": 1, "accelerator": "cpu", "num_threads": 1, "use_progress_bar": False},
        "run_dir": None if run is None else str(run),
        "multi_feature": {"data": {"split": {"kind": "column"}, "batch_size": 16, **label}, **objective},
    }
    return merge(settings, {"multi_feature": {"data": data}})


def trained(settings: dict[str, Any], data: Any = None) -> Any:
    """Train, and return the result."""
    application: Any = bootstrap(settings, data=data)
    return application.train()
