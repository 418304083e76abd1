"""The settings files of a sweep."""

from pathlib import Path
from typing import Any

from nested_lightning import parse_settings
from nested_lightning.app.sweeping.results import Objective, TrialRecord
from nested_lightning.containers.sweeping.files import write_best_file
from nested_lightning.settings.reading.loading import load_settings

LR = "multi_feature.optimizer.lr"


def test_the_best_settings_choose_the_checkpoint_by_the_first_objective_that_is_logged(
    tmp_path: Path, small_settings: dict[str, Any]
) -> None:
    size, accuracy = (
        Objective(name="parameters", direction="min"),
        Objective(name="val_accuracy", direction="max"),
    )
    best = TrialRecord(number=3, state="complete", settings={LR: 0.5}, values=(9.0, 1.0))

    write_best_file(tmp_path, parse_settings(small_settings), [size, accuracy], [best])

    found = load_settings(config=tmp_path / "best.yaml")
    assert (found.trainer.monitor, found.trainer.monitor_mode) == ("val_accuracy", "max")
    assert found.multi_feature.optimizer.lr == 0.5
    assert found.provenance[LR] == "sweep trial 3"
