"""A training whose loss isn't finite any more: reported, and its files are what they are meant to be."""

import json
from pathlib import Path
from typing import Any

import pytest

import nested_lightning as nl
from nested_lightning.app.strict_json import to_json
from nested_lightning.settings.reading.merging import merge


@pytest.mark.slow
def test_a_training_that_diverges_is_reported_and_writes_json(
    small_settings: dict[str, Any], small_csv: Path
) -> None:
    diverging = {"trainer": {"max_epochs": 2}, "multi_feature": {"optimizer": {"lr": 1e30}}}
    run = nl.family_container(nl.bootstrap(merge(small_settings, diverging))).training_run()

    with pytest.warns(UserWarning, match="loss is not finite after epoch 2: lower the learning rate"):
        result = run()

    written = json.loads(result.run_folder.results_file.read_text(), parse_constant=_refuse)
    assert written["test"]["test_loss"] is None
    family = nl.family_container(nl.from_checkpoint(result.best_checkpoint))
    for ask in (family.evaluator(), lambda: family.predictor().predict_file(small_csv)):
        with pytest.raises(nl.UserError, match="numbers that aren't finite"):
            ask()


def test_json_has_null_for_what_is_not_finite_and_its_own_values_for_the_rest() -> None:
    values = {"a": float("nan"), "b": [float("inf"), 1.5, (2, None)], "c": {"d": "NaN", "e": True}}

    assert json.loads(to_json(values)) == {
        "a": None,
        "b": [None, 1.5, [2, None]],
        "c": {"d": "NaN", "e": True},
    }


def _refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is no JSON")
