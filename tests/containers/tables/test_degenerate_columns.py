"""Columns of no use, and nothing but categories: each has a stated outcome for each objective."""

import json
import math
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nested_lightning.app.errors import UserError
from nested_lightning.settings.reading.merging import merge
from tests.containers.tables.everything import KINDS, Columns, features_of, settings_for, table_for, trained
from tests.quick_first import quick_first

NUM_ROWS = 120


def _trained(kind: str, columns: Columns, run: Path, **data: Any) -> tuple[Any, list[str]]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = trained(settings_for(kind, run, **data), data=columns)
    results = json.loads(result.run_folder.results_file.read_text())
    losses = results["validation"]["val_loss"], results["test"]["test_loss"]
    assert all(map(math.isfinite, losses))
    return result, [str(one.message) for one in caught]


def _categories() -> Columns:
    features = features_of()
    random = np.random.default_rng(1)
    return {
        "colour": features["colour"],
        "shade": random.choice(["dark", "light"], NUM_ROWS).tolist(),
        "split": features["split"],
    }


@pytest.mark.parametrize("kind", quick_first(KINDS))
def test_nothing_but_categories_trains(kind: str, tmp_path: Path) -> None:
    result, _ = _trained(kind, table_for(kind, _categories()), tmp_path / "run")

    (group,) = result.predictor.data_spec.groups
    assert [len(column.categories) for column in group.columns] == [3, 2]


@pytest.mark.parametrize("kind", quick_first(KINDS))
def test_columns_of_no_use_are_named_and_train(kind: str, tmp_path: Path) -> None:
    random = np.random.default_rng(2)
    useless = {
        "constant": [5.0] * NUM_ROWS,
        "word": ["same"] * NUM_ROWS,
        "near": (1 + 1e-12 * random.choice([-1, 1], NUM_ROWS)).tolist(),
        "blank": [None] * NUM_ROWS,
        "empty": [""] * NUM_ROWS,
    }
    columns = table_for(kind, _categories() | useless)

    result, notes = _trained(kind, columns, tmp_path / "run")

    assert any("left out, as no row has a value there: 'blank', 'empty'" in note for note in notes), notes
    assert any(
        "constant in the training part, and so of no use: 'constant', 'word'" in note for note in notes
    )
    assert result.predictor.data_spec.column_names == {"all": ("colour", "shade", "constant", "word", "near")}
    answers = result.predictor.predict({name: columns[name] for name in columns if name not in ("y", "z")})
    assert len(answers) == NUM_ROWS


@pytest.mark.parametrize("kind", quick_first(KINDS))
def test_a_constant_target_is_refused(kind: str, tmp_path: Path) -> None:
    columns = table_for(kind)
    constant = {**columns, "y": columns["y"][:1] * NUM_ROWS}

    with pytest.raises(UserError, match=r"'y'|label"):
        trained(settings_for(kind, tmp_path / "run"), data=constant)
    assert not (tmp_path / "run" / "checkpoints").exists()


@pytest.mark.parametrize(
    ("labels", "advice"),
    [
        (["red|big", "", "red", "big"], r"set multi_feature\.data\.label_separator, perhaps to '\|'"),
        (["red", "", "big", "blue"], r"needs another name\)$"),
    ],
)
def test_a_missing_label_among_several_in_a_cell_is_met_with_the_setting_for_them(
    labels: list[str], advice: str
) -> None:
    columns = {**features_of(), "y": labels * (NUM_ROWS // 4)}
    settings = merge(settings_for("number"), {"multi_feature": {"objective": {"kind": "auto"}}})

    with pytest.raises(UserError, match=rf"the label 'y' is missing .* in 30 rows, first in row 2.*{advice}"):
        trained(settings, data=columns)
