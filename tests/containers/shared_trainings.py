"""Trainings that go to their end or are stopped, and what two of them must have in common."""

import json
import shutil
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from pytorch_lightning import Callback, LightningModule, Trainer

from nested_lightning import bootstrap, family_container
from nested_lightning.app.training.runs.interruption import TrainingInterruptedError
from nested_lightning.app.training.runs.run import TrainingRun
from nested_lightning.app.training.runs.run_folder import RunFolder
from nested_lightning.settings.reading.merging import merge

SAVING = {"trainer": {"num_threads": 1, "checkpoint_every_n_steps": 1}}


class SignalAt(Callback):
    """Sends signals to this process, the first of several, before the step of this number."""

    def __init__(self, step: int, *signals: signal.Signals) -> None:
        self.step = step
        self.signals = signals

    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, batch: Any, _: int) -> None:
        if trainer.global_step == self.step and trainer.is_global_zero:
            self.step = -1
            for each in self.signals:
                signal.raise_signal(each)


class PowerCutError(Exception):
    """The process ends."""


class PowerCut(Callback):
    """Ends the process before the batch of this number, over all epochs."""

    def __init__(self, batch: int) -> None:
        self.batch = batch

    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, *_: Any) -> None:
        if trainer.fit_loop.total_batch_idx == self.batch:
            raise PowerCutError


def cut_off(run: TrainingRun, batch: int) -> None:
    """Train until the power is cut before the batch of this number, without a signal."""
    run.trainer.callbacks.insert(0, PowerCut(batch))  # type: ignore[attr-defined]
    with pytest.raises(PowerCutError):
        run()


def new_run(settings: Mapping[str, Any], path: Path) -> TrainingRun:
    """Return a training in this folder that hasn't begun."""
    run: TrainingRun = family_container(bootstrap(merge(settings, {"run_dir": str(path)}))).training_run()
    return run


def interrupt(run: TrainingRun, step: int, *signals: signal.Signals) -> TrainingInterruptedError:
    """Train until the signals before the step of this number, and return how it ends."""
    run.trainer.callbacks.insert(0, SignalAt(step, *signals))  # type: ignore[attr-defined]
    with pytest.raises(TrainingInterruptedError) as stopped:
        run()
    return stopped.value


class SharedTrainings:
    """Run folders of trainings, each of which is made when it is first asked for.

    Args:
        folder: Where they are.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: dict[str, Path] = {}

    def undisturbed(self, settings: Mapping[str, Any]) -> Path:
        """Return the folder of a training that went to its end; it is to be left as it is."""
        return self._make(settings, None)

    def copy(self, settings: Mapping[str, Any], path: Path, *, stopped_at: int | None = None) -> RunFolder:
        """Put a copy in this place; ``stopped_at`` is the step before which SIGTERM came, None: none did."""
        shutil.copytree(self._make(settings, stopped_at), path)
        return RunFolder(path)

    def _make(self, settings: Mapping[str, Any], stopped_at: int | None) -> Path:
        key = json.dumps([{**settings, "run_dir": None}, stopped_at], sort_keys=True)
        if key not in self._made:
            path = self._folder / str(len(self._made))
            run = new_run(settings, path)
            if stopped_at is None:
                run()
            else:
                interrupt(run, stopped_at, signal.SIGTERM)
            self._made[key] = path
        return self._made[key]


def assert_same_training(found: Path, wanted: Path) -> None:
    """Compare weights, state of the optimiser, metrics and scores, bit for bit."""
    assert_same_checkpoints(found, wanted)
    one, other = RunFolder(found), RunFolder(wanted)
    assert one.metrics_file.read_text() == other.metrics_file.read_text()
    results = [json.loads(folder.results_file.read_text()) for folder in (one, other)]
    assert results[0]["test"] == pytest.approx(results[1]["test"], abs=0, nan_ok=True)


def assert_same_checkpoints(found: Path, wanted: Path) -> None:
    """Compare weights and state of the optimiser, bit for bit."""
    one, other = RunFolder(found), RunFolder(wanted)
    for name in ("best_checkpoint", "last_checkpoint"):
        states = [torch.load(getattr(folder, name), weights_only=True) for folder in (one, other)]
        assert states[0]["global_step"] == states[1]["global_step"]
        assert states[0]["lr_schedulers"] == states[1]["lr_schedulers"]
        for key in ("state_dict", "optimizer_states"):
            torch.testing.assert_close(states[0][key], states[1][key], rtol=0, atol=0)
