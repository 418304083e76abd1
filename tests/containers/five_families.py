"""Small trainings of the four families and of a family in one file, fresh and stopped in between."""

import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from nested_lightning import bootstrap, family, family_container, load_settings, resume_training
from nested_lightning.app.training.runs.run import TrainingRun
from nested_lightning.settings.families import knowing
from tests.containers.owning.test_ways_of_training import Random, ShuffledRows
from tests.containers.shared_trainings import interrupt
from tests.frozen.set_ups import FAMILIES, SMALL, TRAINED

ONE_FILE = "one-file"
FIVE = (*FAMILIES, ONE_FILE)
STOPPED_AT = {"multi-feature": 8, "image-to-text": 5, "variant": 5, "vae-gan": 8, ONE_FILE: 7}
"""A step in the middle of the second epoch."""
SMALLER: dict[str, Any] = {
    "multi-feature": {"multi_feature": {"data": {"batch_size": 8}}},
    "vae-gan": {"vae_gan": {"data": {"batch_size": 5}}},
}
"""So that an epoch has several steps."""


class OneFile(Random):
    """Logs its losses as strangers do."""

    def training_step(self, batch: Any, batch_idx: int) -> Tensor:
        loss = self.loss(batch)
        self.log("train_loss", loss, on_step=False, on_epoch=True)
        return loss


def new_training(
    name: str, folder: Path, trainer: Mapping[str, Any], overrides: Mapping[str, Any] | None = None
) -> TrainingRun:
    """Return a training of a family that hasn't begun."""
    own = family("one-file", model=OneFile, data=ShuffledRows) if name == ONE_FILE else None
    common = {"accelerator": "cpu", "use_progress_bar": False, "max_epochs": 3}
    values: Any = {"run_dir": str(folder), "trainer": {**common, **trainer}}
    if own is None:
        data = TRAINED / name / ("data/shapes.csv" if name == "multi-feature" else "data")
        there = {name.replace("-", "_"): {"data": {"path": str(data)}}}
        values = load_settings(
            config=TRAINED / name / SMALL, assignments=[values, SMALLER.get(name, {}), there]
        )
    run: TrainingRun = family_container(bootstrap(values, family=own, overrides=overrides)).training_run()
    return run


def going_on(
    folder: Path, changes: Mapping[str, Any] | None = None, overrides: Mapping[str, Any] | None = None
) -> TrainingRun:
    """Return the rest of a training, which hasn't begun."""
    with knowing(family("one-file", model=OneFile, data=ShuffledRows).family):
        return resume_training(folder, changes, overrides=overrides)


def stopped_and_resumed(name: str, folder: Path, trainer: Mapping[str, Any]) -> TrainingRun:
    """Train, be stopped in mid-epoch, and return the rest, which hasn't begun."""
    interrupt(new_training(name, folder, trainer), STOPPED_AT[name], signal.SIGTERM)
    return going_on(folder)
