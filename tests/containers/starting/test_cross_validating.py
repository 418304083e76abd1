"""A whole cross-validation in a program of one's own: begun, stopped, gone on with, and read."""

import csv
import json
import signal
import threading
from pathlib import Path
from typing import Any

import pytest
import torch
from pyarrow.csv import read_csv
from torch import nn

from nested_lightning import SettingsError, UserError, cross_validate, parse_settings, resume_cross_validation
from nested_lightning.app.training.runs.interruption import TrainingInterruptedError
from nested_lightning.app.training.runs.result import TrainingResult
from nested_lightning.app.training.runs.run import TrainingRun
from nested_lightning.containers.starting.folds import begin_folds
from nested_lightning.settings.reading.merging import merge
from tests.containers.shared_trainings import SAVING, SignalAt, assert_same_training
from tests.tiny_variants import variant_settings

pytestmark = pytest.mark.slow

FILES = ("results.json", "predictions.csv")


@pytest.fixture(params=["variant", "vae-gan"])
def folded_settings(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, Any]:
    """Settings of families that take folds, small and saved at each step; multi-feature is in tests/cli."""
    made: dict[str, Any] = (
        variant_settings(tmp_path / "data", tmp_path / "run")
        if request.param == "variant"
        else request.getfixturevalue("picture_settings")
    )
    return {**made, "trainer": {**made["trainer"], "num_threads": 1, "checkpoint_every_n_steps": 1}}


def stop_in_second_fold(settings: dict[str, Any], folder: Path) -> None:
    """Train the first of three folds, and three steps of the second."""

    def train(fold: int, run: TrainingRun) -> TrainingResult:
        if fold == 1:
            run.trainer.callbacks.insert(0, SignalAt(3, signal.SIGTERM))  # type: ignore[attr-defined]
        return run()

    folds = begin_folds(parse_settings(merge(settings, {"run_dir": str(folder)})), 3, {})
    with pytest.raises(TrainingInterruptedError):
        folds.train(train)
    assert not (folder / "fold-2").exists()


def contents(folder: Path) -> dict[str, str]:
    return {name: (folder / name).read_text() for name in FILES if (folder / name).exists()}


def test_one_stopped_in_its_second_fold_ends_as_one_undisturbed(
    folded_settings: dict[str, Any], tmp_path: Path
) -> None:
    whole = cross_validate(merge(folded_settings, {"run_dir": str(tmp_path / "whole")}), 3)
    stop_in_second_fold(folded_settings, tmp_path / "stopped")
    assert not contents(tmp_path / "stopped")

    resumed = resume_cross_validation(tmp_path / "stopped")

    assert resumed.scores == whole.scores
    assert contents(tmp_path / "stopped") == contents(tmp_path / "whole")
    for fold in range(3):
        assert_same_training(tmp_path / f"stopped/fold-{fold}", tmp_path / f"whole/fold-{fold}")


def test_the_result_has_scores_folds_and_files(small_settings: dict[str, Any], tmp_path: Path) -> None:
    result = cross_validate({**small_settings, "trainer.max_epochs": 1}, num_folds=2)

    assert result.folder == tmp_path / "run"
    values = result.scores["accuracy"].values
    assert values == tuple(fold.test_metrics["test_accuracy"] for fold in result.folds)
    assert json.loads(result.results_file.read_text())["test_accuracy"]["values"] == [*values]
    assert "<th>accuracy</th>" in result._repr_html_()
    with result.predictions_file.open() as file:
        assert [int(row["row"]) for row in csv.DictReader(file)] == [*range(1, 91)]
    with pytest.raises(UserError, match=r"from_checkpoint\('.*fold-1/checkpoints/best.ckpt'\)"):
        _ = result.folds[1].predictor

    before = {file: file.stat().st_mtime_ns for file in result.folder.rglob("*")}
    again = resume_cross_validation(result.folder)
    assert not again.is_new
    assert again.scores == result.scores
    assert {file: file.stat().st_mtime_ns for file in result.folder.rglob("*")} == before
    with pytest.raises(UserError, match="already holds folds"):
        cross_validate(small_settings, num_folds=2)


def test_predictions_are_made_of_data_that_were_moved(small_settings: dict[str, Any], tmp_path: Path) -> None:
    stop_in_second_fold(merge(small_settings, SAVING), tmp_path / "cv")
    moved = (tmp_path / "shapes.csv").rename(tmp_path / "moved.csv")

    assert resume_cross_validation(tmp_path / "cv", data=moved).predictions_file.exists()


def test_data_in_memory_give_what_their_file_gives(small_settings: dict[str, Any], tmp_path: Path) -> None:
    table = read_csv(tmp_path / "shapes.csv")
    of_file = cross_validate(small_settings, num_folds=2)
    held = cross_validate({**small_settings, "run_dir": str(tmp_path / "held")}, num_folds=2, data=table)

    assert held.scores == of_file.scores
    assert contents(held.folder) == contents(of_file.folder)


def test_a_ready_module_begins_anew_in_each_fold(small_settings: dict[str, Any]) -> None:
    head = nn.Linear(8, 3)
    before = {name: value.clone() for name, value in head.state_dict().items()}

    cross_validate(small_settings, num_folds=2, overrides={"multi_feature.head": head})

    torch.testing.assert_close(dict(head.state_dict()), before, rtol=0, atol=0)


def test_what_cannot_be_copied_for_each_fold_is_refused(small_settings: dict[str, Any]) -> None:
    head = nn.Linear(8, 3)
    vars(head)["lock"] = threading.Lock()

    with pytest.raises(UserError, match=r"multi_feature.head: Linear can't be copied .*give a class"):
        cross_validate(small_settings, num_folds=2, overrides={"multi_feature.head": head})


def test_a_trial_leaves_no_scores(small_settings: dict[str, Any], tmp_path: Path) -> None:
    result = cross_validate({**small_settings, "trainer.fast_dev_run": True}, num_folds=2)

    assert len(result.scores["loss"].values) == 2
    assert not contents(tmp_path / "run")


def test_what_cannot_be_cross_validated_is_refused(small_settings: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="num_folds = 1"):
        cross_validate(small_settings, num_folds=1)
    with pytest.raises(SettingsError, match="one process"):
        cross_validate({**small_settings, "trainer.devices": 2})
    with pytest.raises(SettingsError, match=r"has no folds: no image_to_text\.data\.split of the kind"):
        cross_validate("image-to-text")
    with pytest.raises(UserError, match="holds no folds"):
        resume_cross_validation(tmp_path)
    (tmp_path / "fold-0").mkdir()
    (tmp_path / "fold-0" / "settings.yaml").write_text("model: multi-feature")
    with pytest.raises(UserError, match="is a trial of a sweep by folds; go on with that, by sweep --resume"):
        resume_cross_validation(tmp_path)
