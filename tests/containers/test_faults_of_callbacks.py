"""What is wrong with callbacks, loggers and the Trainer's arguments is said with the setting's name."""

import signal
from pathlib import Path
from typing import Any

import pytest
from pytorch_lightning import Callback, LightningModule, Trainer

from nested_lightning import UserError
from nested_lightning.app.training.runs.interruption import TrainingInterruptedError
from nested_lightning.settings.reading.errors import SettingsError
from nested_lightning.settings.reading.merging import merge
from tests.containers.five_families import new_training
from tests.containers.shared_trainings import new_run


def _callback(kind: str, **values: Any) -> dict[str, Any]:
    return {"callbacks": {"mine": {"kind": kind, **values}}}


TWICE = _callback("model_checkpoint", every_n_epochs=1, every_n_train_steps=2)
STOPPED = _callback("timer", duration="00:00:00:00")


@pytest.mark.parametrize(
    ("trainer", "said"),
    [
        (TWICE, "^trainer.callbacks.mine: .*mutually exclusive"),
        (STOPPED, "ended before its first step"),
        (_callback("model_checkpoint", monitor="val_los"), "model_checkpoint: monitor.*'val_loss'"),
        (_callback("early_stopping", monitor="val_los"), "early_stopping: monitor.*'val_loss'"),
        ({"overfit_batches": 0.01}, "increase the `overfit_batches`"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_fault_names_the_setting(
    small_settings: dict[str, Any], tmp_path: Path, trainer: dict[str, Any], said: str
) -> None:
    with pytest.raises(UserError, match=said):
        new_run(merge(small_settings, {"trainer": trainer}), tmp_path / "run")()


@pytest.mark.parametrize("name", ["callbacks", "loggers"])
def test_a_list_of_callbacks_or_loggers_is_answered_with_names(
    small_settings: dict[str, Any], tmp_path: Path, name: str
) -> None:
    with pytest.raises(SettingsError, match=r"no list, its items have names: write \{'mine': \{'kind'"):
        new_run(merge(small_settings, {"trainer": {name: [{"kind": "timer"}]}}), tmp_path / "run")


class Interrupting(Callback):
    """Raises what Ctrl-C raises elsewhere."""

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        raise KeyboardInterrupt


def test_a_keyboard_interrupt_of_a_callback_is_an_interruption(tmp_path: Path) -> None:
    run = new_training("multi-feature", tmp_path / "run", {}, {"trainer.callbacks.mine": Interrupting})

    with pytest.raises(TrainingInterruptedError) as stop:
        run()

    assert stop.value.signum == signal.SIGINT


def test_a_fault_of_a_policy_has_the_submodules_path_as_it_is_read(
    small_settings: dict[str, Any], tmp_path: Path
) -> None:
    wrong = {"submodules": {"multi_feature.head": {"lr": -1}}}

    with pytest.raises(SettingsError, match=r"submodules\.multi_feature\.head\.lr = -1"):
        new_run(merge(small_settings, wrong), tmp_path / "run")
