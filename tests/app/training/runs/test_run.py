import json
from pathlib import Path

import pytest
import torch

from nested_lightning.app.checkpoints.checkpoint_io import read_checkpoint
from nested_lightning.app.training.reporting.metrics_file import MetricsFile
from nested_lightning.app.training.runs.last_checkpoint import LastCheckpoint
from nested_lightning.app.training.runs.run import TrainingRun
from nested_lightning.app.training.runs.run_folder import RunFolder
from nested_lightning.app.training.trainer import build_best_checkpoint
from tests.app.training.tiny_training import BATCHES_PER_EPOCH, TinyData, tiny_model, tiny_trainer


def training_run(folder: RunFolder, *, data: TinyData | None = None) -> TrainingRun:
    callbacks = [
        build_best_checkpoint(path=folder.best_checkpoint, monitor="val_loss"),
        LastCheckpoint(path=folder.last_checkpoint),
    ]
    loggers = [MetricsFile(path=folder.metrics_file)]
    return TrainingRun(
        trainer=tiny_trainer(folder.path, callbacks, loggers=loggers),
        model=tiny_model(),
        datamodule=data or TinyData(),
        run_folder=folder,
        num_threads=1,
    )


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return RunFolder.create(tmp_path)


def test_run_evaluates_the_weights_of_the_best_checkpoint(folder: RunFolder) -> None:
    run = training_run(folder)
    result = run()
    best = read_checkpoint(result.best_checkpoint)
    torch.testing.assert_close(dict(run.model.state_dict()), dict(best["state_dict"]), rtol=0, atol=0)
    (saved,) = (state for name, state in best["callbacks"].items() if name.startswith("BestCheckpoint"))
    assert result.validation_metrics["val_loss"] == pytest.approx(float(saved["best_model_score"]))
    assert set(result.test_metrics) == {"test_loss"}


def test_run_tells_steps_and_time(folder: RunFolder) -> None:
    result = training_run(folder)()
    assert result.num_steps == 3 * BATCHES_PER_EPOCH
    assert 0 < result.duration_s < 60


def test_run_writes_its_results(folder: RunFolder) -> None:
    result = training_run(folder)()
    written = json.loads(folder.results_file.read_text())
    assert written == result.to_dict()
    assert written["best_checkpoint"] == "checkpoints/best.ckpt"
    assert written["test"] == result.test_metrics


def test_metrics_file_holds_the_training_and_not_the_evaluation_after_it(folder: RunFolder) -> None:
    training_run(folder)()
    rows = folder.metrics_file.read_text().splitlines()
    assert "test_loss" not in rows[0]
    steps = [row.split(",")[0] for row in rows[1:]]
    assert steps == [str(step) for step in range(1, 3 * BATCHES_PER_EPOCH + 1)]


def test_run_without_validation_evaluates_the_last_checkpoint(folder: RunFolder) -> None:
    result = training_run(folder, data=TinyData(has_validation=False))()
    assert result.best_checkpoint.name == "last.ckpt"
    assert result.validation_metrics == {}
    assert set(result.test_metrics) == {"test_loss"}


def test_run_leaves_the_number_of_threads_as_it_was(folder: RunFolder) -> None:
    before = torch.get_num_threads()
    training_run(folder)()
    assert torch.get_num_threads() == before
