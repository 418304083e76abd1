"""Scores of numbers are in the units of the file, and follow from the file that predict wrote."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.command_line import Program


def _write(path: Path, num_rows: int = 200) -> None:
    random = np.random.default_rng(0)
    x, z = random.normal(size=(2, num_rows))
    y = 1e6 + 1e5 * x + 1e4 * random.normal(size=num_rows)
    parts = [("train", "train", "val", "test")[row % 4] for row in range(num_rows)]
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([["x", "z", "y", "split"], *zip(x, z, y, parts, strict=True)])


def _rows(path: Path) -> list[dict[str, Any]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.slow
def test_errors_follow_from_the_file_that_predict_wrote(program: Program, tmp_path: Path) -> None:
    _write(tmp_path / "table.csv")
    training = [
        "--data",
        "table.csv",
        "--label",
        "y",
        "--set",
        "run_dir=run",
        "--set",
        "trainer.max_epochs=3",
    ]
    split = ["--set", "multi_feature.data.split.kind=column", "--set", "trainer.accelerator=cpu"]
    program("train", "--model", "multi-feature", *training, *split)
    program("predict", "run", "table.csv", "--output", "answers.csv", "--keep", "y,split")
    evaluated = {
        part: json.loads(program("evaluate", "run", "--part", part, "--json").stdout)["scores"]
        for part in ("val", "test")
    }

    errors = {
        part: np.array(
            [
                float(row["prediction"]) - float(row["y"])
                for row in _rows(tmp_path / "answers.csv")
                if row["split"] == part
            ]
        )
        for part in ("val", "test")
    }
    mae = {part: np.abs(values).mean() for part, values in errors.items()}
    results = json.loads((tmp_path / "run" / "results.json").read_text())
    epochs = [row for row in _rows(tmp_path / "run" / "metrics.csv") if row["val_mae"]]
    assert 1e4 < mae["test"] < 2e6
    for part in ("val", "test"):
        assert evaluated[part]["mae"] == pytest.approx(mae[part], rel=1e-6)
        assert evaluated[part]["rmse"] == pytest.approx(np.sqrt((errors[part] ** 2).mean()), rel=1e-6)
    assert results["test"]["test_mae"] == pytest.approx(mae["test"], rel=1e-6)
    best = min(epochs, key=lambda row: float(row["val_loss"]))
    assert float(best["val_mae"]) == pytest.approx(mae["val"], rel=1e-6)
