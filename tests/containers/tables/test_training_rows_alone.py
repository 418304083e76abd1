"""What is fitted comes of training rows alone; what only others have gets a finite answer and a note."""

import json
import math
import warnings
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.containers.tables.everything import KINDS, Columns, settings_for, table_for, trained
from tests.quick_first import quick_first

NEW: dict[str, tuple[Any, str]] = {
    "colour": ("zzz", "never saw, and count as none of its categories: 'zzz'"),
    "note": ("unheard words", "have no word that the training knew"),
    "load": ([1e6] * 9, "are longer than the longest of the training, and are cut after 4"),
    "bought": ("2999-01-01", ""),
    "size": (1e9, ""),
}
"""A value of each sort that no training row has, and what is said of it."""


def _changed(columns: Columns, part: str) -> Columns:
    """Return columns with those values in all rows of a part, but for one."""
    rows = [row for row, name in enumerate(columns["split"]) if name == part][1:]
    changed = {name: list(values) for name, values in columns.items()}
    for row in rows:
        for name, (value, _) in NEW.items():
            changed[name][row] = value
        if isinstance(columns["y"][row], float):
            changed["y"][row] = 1e9
    return changed


def _trained(kind: str, columns: Columns, run: Path) -> tuple[Any, dict[str, torch.Tensor], list[str]]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = trained(settings_for(kind, run), data=columns)
    last = torch.load(result.run_folder.last_checkpoint, weights_only=True)
    fitted = {name: each for name, each in last["state_dict"].items() if "threshold" not in name}
    return result, fitted, [str(one.message) for one in caught]


@pytest.mark.parametrize("kind", quick_first(KINDS))
def test_other_rows_change_neither_statistics_nor_weights(kind: str, tmp_path: Path) -> None:
    columns = table_for(kind)
    before, weights, _ = _trained(kind, columns, tmp_path / "before")

    for part in ("val", "test"):
        after, others, notes = _trained(kind, _changed(columns, part), tmp_path / part)

        assert after.predictor.data_spec.groups == before.predictor.data_spec.groups
        assert after.predictor.data_spec.target == before.predictor.data_spec.target
        torch.testing.assert_close(others, weights, rtol=0, atol=0)
        num = columns["split"].count(part) - 1
        for name, (_, said) in NEW.items():
            told = [note for note in notes if note.startswith(f"column '{name}': {num} rows of 120")]
            assert [said in note for note in told] == [True] * bool(said)
        scores = json.loads(after.run_folder.results_file.read_text())
        assert math.isfinite(scores["validation"]["val_loss"])
        assert math.isfinite(scores["test"]["test_loss"])


def test_a_file_of_nothing_but_unseen_values_is_answered_with_a_note_for_each_column(tmp_path: Path) -> None:
    columns = table_for("number")
    predictor = trained(settings_for("number", tmp_path / "run"), data=columns).predictor
    unseen = {name: [value] * 7 for name, (value, _) in NEW.items()} | {"mass": [0.5] * 7}

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        answers = predictor.predict(unseen).to_records()

    assert all(math.isfinite(one["prediction"]) for one in answers)
    notes = [str(one.message) for one in caught]
    for name, (_, said) in NEW.items():
        assert [said in note for note in notes if f"'{name}': 7 rows of 7" in note] == [True] * bool(said)
