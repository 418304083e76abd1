"""Trainings of every family in two workers of a Ray cluster; a program of its own, for `test_ray`.

Starting workers costs more than any of these trainings: all families are trained by the same workers.
"""

import os
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from nested_lightning.app.errors import UserError
from nested_lightning.app.training.ray.workers import ray_trainer_arguments, run_in_workers
from nested_lightning.settings.reading.merging import merge
from tests.command_line import PROJECT
from tests.processes.trainings import FAMILIES, train

TRAINED = ("multi-feature", "image-to-text", "variant", "vae-gan")
BATCH_SIZE = 6


def train_families(folder: Path, families: Mapping[str, dict[str, Any]]) -> None:
    """Train each family in this worker, one after the other.

    Args:
        folder: Of the run folders.
        families: Settings by name; whoever makes them writes data, which isn't for several at once.
    """
    for name, settings in families.items():
        arguments: Mapping[str, Any] = ray_trainer_arguments()
        train(settings, folder / f"{name}-2", trainer_arguments=arguments)


def train_in_own_cluster(folder: Path) -> str:
    """Train each family in two workers of a cluster that is started for it, and then one with a mistake.

    Returns:
        What is said of the mistake.
    """
    families = {name: FAMILIES[name](folder, BATCH_SIZE) for name in TRAINED}
    families["mistaken"] = merge(families["multi-feature"], {"multi_feature": {"data": {"label": "shap"}}})
    work = partial(train_families, folder, families)
    try:
        run_in_workers(work, num_workers=2, use_gpu=False, folder=folder / "ray", address=None)
    except UserError as error:
        return str(error)
    return ""


def main(folder: Path) -> None:
    """Train, and write what is said of the mistake."""
    os.environ["PYTHONPATH"] = str(PROJECT)  # for workers
    (folder / "mistake.txt").write_text(train_in_own_cluster(folder))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
