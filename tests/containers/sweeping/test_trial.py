"""A trial in this process: when it is pruned."""

from pathlib import Path
from typing import Any

import pytest
from pytorch_lightning import Callback

from nested_lightning import parse_settings
from nested_lightning.app.checkpoints.checkpoint_io import read_checkpoint
from nested_lightning.app.sweeping.messages import Outcome, Task
from nested_lightning.app.sweeping.report_callback import Ask
from nested_lightning.app.sweeping.results import Objective, TrialRecord
from nested_lightning.containers.sweeping import trial as sweep_trial
from nested_lightning.containers.sweeping.trial import do_task
from nested_lightning.settings.reading.merging import merge
from tests.conftest import make_small_settings

pytestmark = pytest.mark.slow


def outcome_of(
    folder: Path,
    csv: Path,
    *,
    ask: Ask,
    direction: Any = "min",
    objective: Any = "val_loss",
    values: Any = (),
    **trainer: Any,
) -> Outcome:
    """Return what comes of a trial."""
    settings = parse_settings(merge(make_small_settings(csv, folder), {"trainer": trainer}))
    objectives = (Objective(name=objective, direction=direction),)
    trial = TrialRecord(number=0, state="running", settings=dict(values))
    task = Task(what="train", trial=trial, settings=settings, folder=folder / "trial", objectives=objectives)
    return do_task(task, ask)


def stop_at(epoch: int) -> Ask:
    return lambda step, _value: "worse than others" if step == epoch else None


def test_a_trial_is_pruned_at_any_epoch_but_its_last_one(
    tmp_path: Path, small_csv: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["a worker"])
    for name, state, stopped_at, direction, trainer in (
        ("short", "complete", 0, "min", {"max_epochs": 1}),
        ("long", "pruned", 0, "min", {"max_epochs": 2}),
        ("steps", "complete", 0, "min", {"max_epochs": 9, "max_steps": 1}),
        ("patient", "complete", 1, "max", {"max_epochs": 9, "early_stopping_patience": 1}),
    ):
        outcome = outcome_of(
            tmp_path / name, small_csv, ask=stop_at(stopped_at), direction=direction, **trainer
        )

        assert outcome.state == state, (name, outcome)


def test_a_trial_that_diverges_fails_and_an_objective_that_nothing_logs_is_refused(
    tmp_path: Path, small_csv: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["a worker"])
    huge = {"multi_feature.optimizer.lr": 1e12}
    diverged = outcome_of(tmp_path / "nan", small_csv, ask=stop_at(9), values=huge, max_epochs=2)
    refused = outcome_of(tmp_path / "odd", small_csv, ask=stop_at(9), objective="val_los", max_epochs=1)

    assert (diverged.state, diverged.reason) == ("failed", "diverged: val_loss is nan")
    assert refused.state == "refused"
    assert "--objective val_los: no such value is logged; did you mean 'val_loss'" in refused.reason


def test_an_epoch_is_reported_before_a_checkpoint_holds_it(
    tmp_path: Path, small_csv: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["a worker"])
    checkpoints = tmp_path / "trial/checkpoints"
    reported, saved = [], []

    def ask(step: int, _value: float) -> None:
        reported.append(step)
        saved.append(max((read_checkpoint(one)["epoch"] for one in checkpoints.glob("*.ckpt")), default=-1))

    assert outcome_of(tmp_path, small_csv, ask=ask, max_epochs=3).state == "complete"
    assert reported == [0, 1, 2]
    assert all(epoch < step for step, epoch in zip(reported, saved, strict=True)), saved


class Stopping(Callback):
    """Ends the training before a batch of the first epoch."""

    def on_train_batch_start(self, trainer: Any, pl_module: Any, batch: Any, batch_idx: int) -> None:
        """End it before the third batch."""
        if trainer.current_epoch == 0 and batch_idx == 2:
            raise RuntimeError


def test_what_an_epoch_was_validated_at_before_it_was_interrupted_is_reported_at_its_end(
    tmp_path: Path, small_csv: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["a worker"])
    reports: list[tuple[int, float]] = []
    trial: dict[str, Any] = {"max_epochs": 2, "val_check_interval": 2}  # of three batches
    whole = outcome_of(tmp_path / "whole", small_csv, ask=lambda *one: reports.append(one), **trial)
    expected = [*reports]
    reports.clear()
    add_report = sweep_trial.add_report
    with monkeypatch.context() as patch:
        patch.setattr(
            sweep_trial,
            "add_report",
            lambda run, ask: (add_report(run, ask), run.trainer.callbacks.append(Stopping())),
        )
        stopped = outcome_of(tmp_path, small_csv, ask=lambda *one: reports.append(one), **trial)
    resumed = outcome_of(tmp_path, small_csv, ask=lambda *one: reports.append(one), **trial)

    assert (whole.state, stopped.state, resumed.state) == ("complete", "failed", "complete")
    assert reports == expected
    assert [step for step, _ in expected] == [0, 1]
