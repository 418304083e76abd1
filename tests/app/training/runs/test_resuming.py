from pathlib import Path
from typing import Any

import pytest
import torch
from pytorch_lightning import Callback, LightningModule, Trainer
from pytorch_lightning.callbacks import EarlyStopping

from nested_lightning.app.checkpoints.checkpoint_io import read_checkpoint
from nested_lightning.app.training.reporting.metrics_file import MetricsFile
from nested_lightning.app.training.reporting.progress import TrainingProgress
from nested_lightning.app.training.runs.last_checkpoint import LastCheckpoint
from nested_lightning.app.training.runs.random_state import RandomState
from nested_lightning.app.training.runs.reproducible_data import ReproducibleData
from nested_lightning.app.training.runs.run_folder import RunFolder
from nested_lightning.app.training.trainer import build_best_checkpoint
from tests.app.training.tiny_training import BATCHES_PER_EPOCH, TinyData, tiny_model, tiny_trainer


class PowerCutError(Exception):
    """Stands for whatever ends a training."""


class InterruptionAt(Callback):
    def __init__(self, step: int) -> None:
        self.step = step

    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, batch: Any, _: int) -> None:
        if trainer.global_step == self.step:
            raise PowerCutError


def train(folder: RunFolder, more: list[Callback], *, resume_from: Path | None = None) -> dict[str, Any]:
    """Train with all that saves; return the last checkpoint."""
    callbacks = [
        *more,
        TrainingProgress(),
        ReproducibleData(),
        RandomState(),
        EarlyStopping("val_loss", patience=10),
        build_best_checkpoint(path=folder.best_checkpoint, monitor="val_loss"),
        LastCheckpoint(path=folder.last_checkpoint, every_n_steps=1),
    ]
    trainer = tiny_trainer(folder.path, callbacks, loggers=[MetricsFile(path=folder.metrics_file)])
    trainer.fit(tiny_model(), datamodule=TinyData(), ckpt_path=resume_from, weights_only=True)
    return read_checkpoint(folder.last_checkpoint)


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    folder = RunFolder.create(tmp_path_factory.mktemp("uninterrupted"))
    train(folder, [])
    return folder


def assert_same_training(folder: RunFolder, other: RunFolder) -> None:
    for name in ("best_checkpoint", "last_checkpoint"):
        found, wanted = read_checkpoint(getattr(folder, name)), read_checkpoint(getattr(other, name))
        assert found["global_step"] == wanted["global_step"]
        torch.testing.assert_close(found["state_dict"], wanted["state_dict"], rtol=0, atol=0)
        torch.testing.assert_close(
            found["callbacks"]["RandomState"], wanted["callbacks"]["RandomState"], rtol=0, atol=0
        )
    assert folder.metrics_file.read_text() == other.metrics_file.read_text()


@pytest.mark.parametrize(
    "step",
    [2, BATCHES_PER_EPOCH - 1, BATCHES_PER_EPOCH, BATCHES_PER_EPOCH + 1, 2 * BATCHES_PER_EPOCH + 3],
)
def test_resumed_training_ends_as_if_never_interrupted(
    tmp_path: Path, uninterrupted: RunFolder, step: int
) -> None:
    folder = RunFolder.create(tmp_path)
    with pytest.raises(PowerCutError):
        train(folder, [InterruptionAt(step)])
    train(folder, [], resume_from=folder.last_checkpoint)
    assert_same_training(folder, uninterrupted)


def test_finished_training_resumed_changes_nothing(tmp_path: Path, uninterrupted: RunFolder) -> None:
    folder = RunFolder.create(tmp_path)
    weights = train(folder, [])["state_dict"]
    again = train(folder, [], resume_from=folder.last_checkpoint)["state_dict"]
    torch.testing.assert_close(again, weights, rtol=0, atol=0)
