"""Which callbacks a training has."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from pytorch_lightning import Callback, LightningModule, Trainer
from pytorch_lightning.callbacks import EarlyStopping, ProgressBar, TQDMProgressBar
from torch.utils.data import DataLoader

from nested_lightning.app.data.reproducible_loader import ReproducibleLoader
from nested_lightning.app.errors import UserError
from nested_lightning.app.training.callbacks import ModuleFirst, collect_callbacks
from nested_lightning.app.training.reporting.progress import TrainingProgress
from nested_lightning.app.training.runs.last_checkpoint import SaveFirst
from nested_lightning.app.training.runs.reproducible_data import ReproducibleData
from tests.app.training.tiny_training import TinyData, tiny_model, tiny_trainer


def _collect(**options: Any) -> list[Any]:
    defaults = {"use_progress_bar": False, "early_stopping_patience": None, "max_epochs": 60}
    first, second, *others = collect_callbacks(
        progress=TrainingProgress, monitor="val_loss", monitor_mode="min", **{**defaults, **options}
    )
    assert (type(first), type(second)) == (ModuleFirst, SaveFirst)
    return others


def test_callbacks_without_options_are_none() -> None:
    assert _collect() == []


def test_a_progress_display_of_the_users_takes_the_place_of_ours() -> None:
    own = TQDMProgressBar()

    assert _collect(use_progress_bar=True, own=[own]) == [own]


def test_two_of_the_users_that_would_share_a_state_are_refused() -> None:
    with pytest.raises(UserError, match=r"2 callbacks would have one state in a checkpoint, EarlyStopping\{"):
        _collect(own=[EarlyStopping("val_loss"), EarlyStopping("val_loss")])


def test_a_progress_bar_and_early_stopping_come_by_their_options() -> None:
    progress, stopping = _collect(use_progress_bar=True, early_stopping_patience=3)

    assert isinstance(progress, ProgressBar)
    assert isinstance(stopping, EarlyStopping)
    assert (stopping.monitor, stopping.mode, stopping.patience) == ("val_loss", "min", 3)


def test_patience_that_outlasts_the_training_is_warned_of() -> None:
    with pytest.warns(UserWarning, match=r"patience=3 stops nothing early: there are 4 validations"):
        _collect(early_stopping_patience=3, max_epochs=8, val_every_n_epochs=2)


class Batches(Callback):
    """Takes down what comes first in each training batch, by epoch."""

    def __init__(self) -> None:
        self.seen: list[list[float]] = []

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.seen.append([])

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        self.seen[-1].append(float(batch[0, 0]))


def test_a_loader_that_an_instance_was_given_is_taken_over_and_there_again_after_a_training(
    tmp_path: Path,
) -> None:
    samples: Any = torch.arange(120.0).view(24, 5)
    samples[:, 4] = 1.0
    own: Any = partial(DataLoader, samples, batch_size=4, shuffle=True)
    batches = Batches()
    data: Any = TinyData()
    data.train_dataloader = own

    trainer = tiny_trainer(tmp_path, [ReproducibleData(), batches], max_epochs=2)
    trainer.fit(tiny_model(), datamodule=data)

    first, second = batches.seen
    assert first != second
    assert isinstance(trainer.train_dataloader, ReproducibleLoader)
    assert data.train_dataloader is own


def test_a_hook_that_an_instance_was_given_runs_once_at_each_epochs_end(tmp_path: Path) -> None:
    model: Any = tiny_model()
    epochs: list[int] = []
    model.on_train_epoch_end = own = lambda: epochs.append(model.current_epoch)

    tiny_trainer(tmp_path, [ModuleFirst()], max_epochs=2).fit(model, datamodule=TinyData())

    assert epochs == [0, 1]
    assert model.on_train_epoch_end is own
