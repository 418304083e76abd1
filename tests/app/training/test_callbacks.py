"""Which callbacks and loggers a training has."""

from pathlib import Path
from typing import Any

import pytest
from pytorch_lightning.callbacks import EarlyStopping, ProgressBar
from pytorch_lightning.loggers import TensorBoardLogger

from nested_lightning.app.errors import UserError
from nested_lightning.app.training.callbacks import collect_callbacks, collect_loggers
from nested_lightning.app.training.reporting.metrics_file import MetricsFile
from nested_lightning.app.training.reporting.progress import TrainingProgress


def _collect(**options: Any) -> list[Any]:
    defaults = {"use_progress_bar": False, "early_stopping_patience": None, "max_epochs": 60}
    return collect_callbacks(
        progress=TrainingProgress, monitor="val_loss", monitor_mode="min", **{**defaults, **options}
    )


def test_callbacks_without_options_are_none() -> None:
    assert _collect() == []


def test_a_progress_bar_and_early_stopping_come_by_their_options() -> None:
    progress, stopping = _collect(use_progress_bar=True, early_stopping_patience=3)

    assert isinstance(progress, ProgressBar)
    assert isinstance(stopping, EarlyStopping)
    assert (stopping.monitor, stopping.mode, stopping.patience) == ("val_loss", "min", 3)


def test_patience_that_outlasts_the_training_is_warned_of() -> None:
    with pytest.warns(UserWarning, match=r"patience=3 stops nothing early: there are 4 validations"):
        _collect(early_stopping_patience=3, max_epochs=8, val_every_n_epochs=2)


def test_tensorboard_is_the_first_logger_and_writes_into_the_run_folder(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard", reason="the extra tensorboard is not installed")
    metrics = MetricsFile(path=tmp_path / "metrics.csv")

    loggers = collect_loggers(metrics, use_tensorboard=True, folder=tmp_path)

    assert loggers[1] is metrics
    assert isinstance(loggers[0], TensorBoardLogger)
    loggers[0].log_metrics({"val_loss": 1.0}, step=1)
    loggers[0].finalize("success")
    assert list((tmp_path / "tensorboard").glob("events.*"))


def test_tensorboard_that_is_not_installed_is_told_with_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nested_lightning.app.training.callbacks.find_spec", lambda name: None)

    with pytest.raises(UserError, match=r"pip install 'nested-lightning\[tensorboard\]'"):
        collect_loggers(use_tensorboard=True, folder=tmp_path)
