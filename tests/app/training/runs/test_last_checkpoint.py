from pathlib import Path
from typing import Any

import pytest
from pytorch_lightning import Callback, LightningModule, Trainer

from nested_lightning.app.checkpoints.checkpoint_io import read_checkpoint
from nested_lightning.app.training.runs.last_checkpoint import LastCheckpoint
from tests.app.training.tiny_training import BATCHES_PER_EPOCH, TinyData, tiny_model, tiny_trainer


class SavedSteps(Callback):
    """Notes the step of each save."""

    def __init__(self) -> None:
        self.steps: list[int] = []

    def on_save_checkpoint(
        self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        self.steps.append(checkpoint["global_step"])


def saved_steps(path: Path, *, trainer: dict[str, Any] | None = None, **intervals: Any) -> list[int]:
    seen = SavedSteps()
    arguments = {"max_epochs": 2, **(trainer or {})}
    tiny_trainer(path.parent, [seen, LastCheckpoint(path=path, **intervals)], **arguments).fit(
        tiny_model(), datamodule=TinyData()
    )
    return seen.steps


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "checkpoints" / "last.ckpt"


def test_last_checkpoint_is_saved_at_the_end_without_an_interval(path: Path) -> None:
    assert saved_steps(path) == [2 * BATCHES_PER_EPOCH]
    assert read_checkpoint(path)["global_step"] == 2 * BATCHES_PER_EPOCH


def test_last_checkpoint_is_saved_in_mid_epoch_by_steps(path: Path) -> None:
    assert saved_steps(path, every_n_steps=4) == [4, 8, 12, 12]


def test_last_checkpoint_is_saved_by_seconds(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = iter(range(1000))
    monkeypatch.setattr(
        "nested_lightning.app.training.runs.last_checkpoint.time.monotonic", lambda: float(next(seconds))
    )
    # the clock is read once when training starts, in each step, and after each save
    assert saved_steps(path, every_n_seconds=3.0) == [3, 6, 9, 12, 12]


def test_last_checkpoint_of_an_epochs_end_waits_for_its_validation(path: Path) -> None:
    class Order(SavedSteps):
        def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
            self.steps.append(-1)

    order = Order()
    callbacks = [order, LastCheckpoint(path=path, every_n_steps=BATCHES_PER_EPOCH)]
    tiny_trainer(path.parent, callbacks, max_epochs=1).fit(tiny_model(), datamodule=TinyData())
    assert order.steps == [-1, BATCHES_PER_EPOCH, BATCHES_PER_EPOCH]


def test_last_checkpoint_never_holds_half_an_accumulation(path: Path) -> None:
    batches: list[int] = []

    class Batches(Callback):
        def on_save_checkpoint(self, trainer: Trainer, pl_module: LightningModule, checkpoint: Any) -> None:
            batches.append(trainer.fit_loop.total_batch_idx + 1)

    callbacks = [Batches(), LastCheckpoint(path=path, every_n_steps=1)]
    trainer = tiny_trainer(path.parent, callbacks, max_epochs=1, accumulate_grad_batches=2)
    trainer.fit(tiny_model(), datamodule=TinyData())
    assert batches == [2, 4, 6, 6]
