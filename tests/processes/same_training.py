"""What is the same of two trainings that come to the same."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest
import torch

from nested_lightning.app.training.runs.run_folder import RunFolder


def assert_same_training(found: RunFolder, wanted: RunFolder) -> None:
    """Check that two trainings came to the same weights, with the same course and the same scores."""
    assert_same_weights(found, wanted)
    rows = [list(csv.DictReader(folder.metrics_file.open())) for folder in (found, wanted)]
    assert len(rows[0]) == len(rows[1])
    for row, expected in zip(*rows, strict=True):
        assert _numbers(row) == pytest.approx(_numbers(expected), rel=1e-3, abs=1e-4)
    results = [json.loads(folder.results_file.read_text())["test"] for folder in (found, wanted)]
    assert results[0] == pytest.approx(results[1], rel=1e-3, abs=1e-4, nan_ok=True)


def assert_same_weights(
    found: RunFolder, wanted: RunFolder, *, rtol: float = 1e-4, atol: float = 1e-5
) -> None:
    """Check that two trainings came to the same weights, after as many steps."""
    one, other = (_last(folder.last_checkpoint) for folder in (found, wanted))
    assert one["global_step"] == other["global_step"] > 3
    torch.testing.assert_close(one["state_dict"], other["state_dict"], rtol=rtol, atol=atol)


def _last(path: Path) -> dict[str, Any]:
    checkpoint: dict[str, Any] = torch.load(path, weights_only=True)
    return checkpoint


def _numbers(row: dict[str, str]) -> dict[str, float]:
    return {name: float(value) for name, value in row.items() if value}
