"""A trial in this process: when it is pruned."""

from pathlib import Path
from typing import Any

import pytest

from nested_lightning import parse_settings
from nested_lightning.app.sweeping.messages import Outcome, Task
from nested_lightning.app.sweeping.results import Objective
from nested_lightning.containers.sweeping.trial import do_task
from nested_lightning.settings.reading.merging import merge
from tests.conftest import make_small_settings

pytestmark = pytest.mark.slow


def outcome_of(folder: Path, csv: Path, *, stopped_at: int, direction: Any, **trainer: Any) -> Outcome:
    """Return what comes of a trial that is told to stop after an epoch."""
    settings = parse_settings(merge(make_small_settings(csv, folder), {"trainer": trainer}))
    objectives = (Objective(name="val_loss", direction=direction),)
    task = Task(
        what="train", number=0, settings=settings, values={}, folder=folder / "trial", objectives=objectives
    )
    return do_task(task, lambda step, _value: "worse than others" if step == stopped_at else None)


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
        options: Any = {"stopped_at": stopped_at, "direction": direction, **trainer}
        outcome = outcome_of(tmp_path / name, small_csv, **options)

        assert outcome.state == state, (name, outcome)
