"""Trainings of every family in the workers of Ray clusters; a program of its own, for `test_ray`.

Starting workers costs more than any of these trainings: all families are trained by the same workers, and
what else is to be seen is seen in few of them.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from nested_lightning.app.errors import UserError
from nested_lightning.app.training.ray.workers import ray_trainer_arguments, run_in_workers
from nested_lightning.settings.reading.merging import merge
from tests.command_line import MAIN, PROJECT
from tests.processes.forked_ranks import run_ranks
from tests.processes.ray_cluster import processes_left, ray_variables, running_cluster
from tests.processes.trainings import FAMILIES, SHARED, train

TRAINED = ("multi-feature", "image-to-text", "variant", "vae-gan")
GLOBAL_BATCH_SIZE = 12
FAILING = """
import sys
sys.path.insert(0, {project!r})
from nested_lightning.commands.program import run
from nested_lightning.containers.starting import ray_training

train = ray_training._train

def train_and_fail(current_folder, values):
    from tests.processes.failing_step import fail_in_second_process

    fail_in_second_process()
    return train(current_folder, values)

ray_training._train = train_and_fail
run()
"""
"""The program, but for a step in one of two workers; what stands in a program itself is sent to workers."""


def train_families(folder: Path, families: Mapping[str, dict[str, Any]]) -> None:
    """Train each family in this worker, one after the other.

    Args:
        folder: Of the run folders.
        families: Settings by name; whoever makes them writes data, which isn't for several at once.
    """
    for name, settings in families.items():
        arguments: Mapping[str, Any] = ray_trainer_arguments()
        train(settings, folder / f"{name}-2", trainer_arguments=arguments)


def train_alone(folder: Path) -> None:
    """Train each family in one process, and write the data of all."""
    for name in TRAINED:
        settings = FAMILIES[name](folder, GLOBAL_BATCH_SIZE)
        run_ranks(partial(train, settings, folder / f"{name}-1"), 1, folder / "output.txt")


def train_in_own_cluster(folder: Path) -> str:
    """Train each family in two workers of a cluster that is started for it, and then one with a mistake.

    Returns:
        What is said of the mistake.
    """
    families = {name: FAMILIES[name](folder, GLOBAL_BATCH_SIZE // 2) for name in TRAINED}
    families["mistaken"] = merge(families["multi-feature"], {"multi_feature": {"data": {"label": "shap"}}})
    work = partial(train_families, folder, families)
    try:
        run_in_workers(work, num_workers=2, use_gpu=False, folder=folder / "ray", address=None)
    except UserError as error:
        return str(error)
    return ""


def run_program(folder: Path, program: Path, *arguments: str) -> dict[str, Any]:
    """Run a command line in the folder; return what it said and how it ended, within three minutes."""
    began_at_s = time.monotonic()
    done = subprocess.run(
        [sys.executable, str(program), *arguments],
        cwd=folder,
        env={**os.environ, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    duration_s = time.monotonic() - began_at_s
    return {"status": done.returncode, "out": done.stdout, "err": done.stderr, "duration_s": duration_s}


def run_programs(folder: Path, address: str) -> dict[str, dict[str, Any]]:
    """Run command lines with a running cluster: a training that fails on its way, and its rest."""
    settings = FAMILIES["multi-feature"](folder, GLOBAL_BATCH_SIZE // 2)
    often = {"trainer": {"checkpoint_every_n_steps": 3}}
    (folder / "small.yaml").write_text(yaml.safe_dump(merge(merge(settings, SHARED), often)))
    (folder / "failing.py").write_text(FAILING.format(project=str(PROJECT)))
    ray = ("--engine", "ray", "--ray-address", address, "--set")
    begin = ("train", "-c", "small.yaml", "--run-dir")
    return {
        "failed": run_program(folder, folder / "failing.py", *begin, "failed", *ray, "trainer.devices=2"),
        "resumed": run_program(folder, MAIN, "resume", "failed", *ray, "trainer.devices=1"),
    }


def main(folder: Path) -> None:
    """Train and run all of it; write what the programs said, and which processes they left behind."""
    train_alone(folder)
    with ray_variables() as variables:
        os.environ.update(variables)
        with running_cluster(os.environ) as address:
            mistake = train_in_own_cluster(folder)
            said = run_programs(folder, address)
        left = processes_left(variables)
    (folder / "said.json").write_text(json.dumps({**said, "mistake": mistake, "left": left}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
