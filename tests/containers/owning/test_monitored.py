"""The monitored value of a stranger's module: under any name, logged anywhere, or not at all."""

import csv
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from nested_lightning import UserError
from nested_lightning.app.checkpoints.checkpoint_io import read_checkpoint
from tests.containers.owning.small_training import STEPS_PER_EPOCH, Rows, Small, train


class Validated(Small):
    """Logs under names with slashes."""

    def validation_step(self, batch: list[Tensor], batch_idx: int, dataloader_idx: int = 0) -> None:
        self.log("val/loss", self.loss(batch))
        self.log("val/acc", 1.0 - self.loss(batch))


class Trained(Small):
    """Logs in training alone, at the end of the epoch."""

    def on_train_epoch_end(self) -> None:
        self.log("train/loss", float(self.current_epoch))  # grows: the first epoch is the best

    def validation_step(self, batch: list[Tensor], batch_idx: int) -> None:
        self.log("val/other", 0.0)


class TrainedAlone(Trained):
    validation_step = Small.validation_step  # type: ignore[assignment]


class Silent(Small):
    """Validates and logs nothing."""

    def validation_step(self, batch: list[Tensor], batch_idx: int) -> None:
        self.loss(batch)


class TwoLoaders(Rows):
    def val_dataloader(self) -> Any:
        return [super().val_dataloader(), self.train_dataloader()]


class Plateau(Validated):
    """Its schedule watches a value of its own."""

    watched = "val/acc"

    def configure_optimizers(self) -> Any:
        optimizer = super().configure_optimizers()
        schedule = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=0)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "monitor": self.watched}}


class LostPlateau(Plateau):
    watched = "vall"


@pytest.mark.parametrize("monitor", ["val/loss", "val/acc"])
def test_a_name_with_slashes_is_file_column_and_best_value(monitor: str, tmp_path: Path) -> None:
    result = train(Validated, tmp_path, monitor=monitor, use_progress_bar=True)
    (state,) = [
        value
        for key, value in read_checkpoint(result.best_checkpoint)["callbacks"].items()
        if key.startswith("BestCheckpoint")
    ]
    rows = list(csv.DictReader(result.run_folder.metrics_file.open()))

    assert result.best_checkpoint.name == "best.ckpt"
    assert state["best_model_score"].item() == pytest.approx(result.validation_metrics[monitor])
    assert len([row for row in rows if row[monitor]]) == 2
    assert sorted(path.name for path in result.run_folder.checkpoints.iterdir()) == ["best.ckpt", "last.ckpt"]


@pytest.mark.parametrize("patience", [None, 1])
def test_a_misspelt_name_is_refused_after_the_first_validation_with_the_names_there_are(
    patience: int | None, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match=r"'val/los': no such value is logged; did you mean 'val/loss'\?"):
        train(
            Validated,
            tmp_path,
            monitor="val/los",
            monitor_mode="min",
            early_stopping_patience=patience,
            max_epochs=9,
        )
    assert not (tmp_path / "run" / "checkpoints" / "best.ckpt").exists()


@pytest.mark.parametrize("module", [Trained, TrainedAlone])
def test_what_training_alone_logs_chooses_the_best_epoch_and_stops(module: Any, tmp_path: Path) -> None:
    result = train(module, tmp_path, monitor="train/loss", early_stopping_patience=2, max_epochs=9)

    assert result.num_steps == 3 * STEPS_PER_EPOCH
    assert result.best_checkpoint.name == "best.ckpt"
    assert read_checkpoint(result.best_checkpoint)["global_step"] == STEPS_PER_EPOCH


@pytest.mark.parametrize("module", [Silent, Small, TrainedAlone])
def test_where_nothing_chooses_the_last_checkpoint_is_said_to_be_used(module: Any, tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="'val_loss': no such value is logged"):
        result = train(module, tmp_path)

    assert result.to_dict()["best_checkpoint"] == "checkpoints/last.ckpt"
    assert "last.ckpt is the one used" in result.run_folder.log_file.read_text()


def test_what_nobody_chose_to_monitor_may_be_missing(tmp_path: Path) -> None:
    with pytest.warns(
        UserWarning, match=r"'val_loss': no such value is logged.*val/loss.*last\.ckpt is the one"
    ):
        result = train(Validated, tmp_path, monitor="val_loss")

    assert result.best_checkpoint.name == "last.ckpt"
    assert "val/loss" in result.validation_metrics


def test_early_stopping_without_its_value_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"'val_loss': no such value is logged.*\(allowed: train/loss\)"):
        train(TrainedAlone, tmp_path, early_stopping_patience=1, max_epochs=5)


def test_several_validation_loaders_have_names_of_their_own(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"allowed: val/loss/dataloader_idx_0, val/acc/dataloader_idx_0"):
        train(Validated, tmp_path, TwoLoaders, monitor="val/loss")
    result = train(Validated, tmp_path / "2", TwoLoaders, monitor="val/acc/dataloader_idx_1")

    assert set(result.validation_metrics) == {
        f"val/{name}/dataloader_idx_{number}" for name in ("loss", "acc") for number in (0, 1)
    }


def test_a_schedule_watches_its_own_value_and_says_so_if_there_is_none(tmp_path: Path) -> None:
    assert train(Plateau, tmp_path, monitor="val/loss").num_steps == 2 * STEPS_PER_EPOCH
    with pytest.raises(UserError, match=r"schedule: monitor = 'vall'.*did you mean 'val/loss'"):
        train(LostPlateau, tmp_path / "2", monitor="val/loss")
