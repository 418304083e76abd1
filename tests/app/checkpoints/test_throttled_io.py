"""Checkpoints that follow each other quickly are held back, and none that counts is lost."""

from pathlib import Path

import pytest
import torch
from pytorch_lightning import Callback, LightningModule, Trainer
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from nested_lightning.app.checkpoints.checkpoint_io import AtomicCheckpointIO
from nested_lightning.app.checkpoints.throttled_io import ThrottledCheckpointIO
from nested_lightning.app.training.runs.last_checkpoint import LastCheckpoint
from nested_lightning.app.training.trainer import build_best_checkpoint


def _io(pause_s: float) -> ThrottledCheckpointIO:
    return ThrottledCheckpointIO(inner=AtomicCheckpointIO(), pause_s=pause_s)


def _value(path: Path) -> float:
    return float(torch.load(path, weights_only=True)["x"])


def test_the_first_write_of_a_file_is_immediate_and_the_next_is_held_back(tmp_path: Path) -> None:
    io, path = _io(60), tmp_path / "best.ckpt"

    io.save_checkpoint({"x": torch.tensor(1.0)}, path)
    io.save_checkpoint({"x": torch.tensor(2.0)}, path)

    assert _value(path) == 1
    io.teardown()
    assert _value(path) == 2


def test_what_is_held_back_does_not_change_afterwards(tmp_path: Path) -> None:
    io, path, weight = _io(60), tmp_path / "best.ckpt", torch.tensor(1.0)
    io.save_checkpoint({"x": weight}, path)
    io.save_checkpoint({"x": weight}, path)

    weight.add_(5)

    io.teardown()
    assert _value(path) == 1


def test_a_held_checkpoint_is_written_before_one_of_another_file(tmp_path: Path) -> None:
    io, best, last = _io(60), tmp_path / "best.ckpt", tmp_path / "last.ckpt"
    io.save_checkpoint({"x": torch.tensor(1.0)}, best)
    io.save_checkpoint({"x": torch.tensor(2.0)}, best)

    io.save_checkpoint({"x": torch.tensor(3.0)}, last)

    assert (_value(best), _value(last)) == (2, 3)


def test_reading_sees_what_was_saved_last(tmp_path: Path) -> None:
    io, path = _io(60), tmp_path / "best.ckpt"
    io.save_checkpoint({"x": torch.tensor(1.0)}, path)
    io.save_checkpoint({"x": torch.tensor(2.0)}, path)

    assert io.load_checkpoint(path)["x"] == 2


def test_a_write_after_the_pause_is_immediate(tmp_path: Path) -> None:
    io, path = _io(0), tmp_path / "best.ckpt"
    io.save_checkpoint({"x": torch.tensor(1.0)}, path)

    io.save_checkpoint({"x": torch.tensor(2.0)}, path)

    assert _value(path) == 2


class _Model(LightningModule):
    """Its validation loss falls with each epoch."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(1, 1)

    def training_step(self, batch: list[Tensor], batch_idx: int) -> Tensor:
        return self.layer(batch[0]).sum()

    def validation_step(self, batch: list[Tensor], batch_idx: int) -> None:
        self.log("val_loss", 1.0 / (1 + self.current_epoch))

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=0.1)


class _Fail(Callback):
    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if trainer.current_epoch == 3:
            raise RuntimeError("stop")


def _fit(folder: Path, *callbacks: Callback) -> None:
    data = DataLoader(TensorDataset(torch.ones(2, 1)))
    trainer = Trainer(
        default_root_dir=folder,
        max_epochs=5,
        logger=False,
        accelerator="cpu",
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        plugins=[_io(60)],
        callbacks=[
            build_best_checkpoint(path=folder / "best.ckpt", monitor="val_loss"),
            LastCheckpoint(path=folder / "last.ckpt"),
            *callbacks,
        ],
    )
    trainer.fit(_Model(), data, data)


def test_the_best_checkpoint_of_a_fast_training_is_the_best(tmp_path: Path) -> None:
    _fit(tmp_path)

    assert torch.load(tmp_path / "best.ckpt", weights_only=True)["epoch"] == 4


def test_the_best_checkpoint_is_whole_after_an_exception(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="stop"):
        _fit(tmp_path, _Fail())

    assert torch.load(tmp_path / "best.ckpt", weights_only=True)["epoch"] == 2
