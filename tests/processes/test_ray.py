"""Trainings and sweeps on Ray clusters: on one that is started for it, and on one that runs already."""

import json
import os
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml

from nested_lightning import train_in_workers
from nested_lightning.app.errors import UserError
from nested_lightning.app.training.ray.cluster import find_cluster
from nested_lightning.app.training.runs.run_folder import RunFolder
from nested_lightning.settings.application import parse_settings
from nested_lightning.settings.reading.merging import merge
from tests.command_line import MAIN, ForkedPrograms, Program
from tests.processes.made_once import make_once
from tests.processes.ray_cluster import processes_left, ray_variables, running_cluster
from tests.processes.ray_trainings import BATCH_SIZE, TRAINED
from tests.processes.same_training import assert_same_training, assert_same_weights
from tests.processes.trainings import FAMILIES, SHARED

pytestmark = pytest.mark.slow

OFTEN = {"trainer": {"checkpoint_every_n_steps": 3}}
needs_ray = pytest.mark.skipif(find_spec("ray") is None, reason="needs the extra ray")


FAILING = """
import sys
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
SWEEP = """
import sys
from pathlib import Path
from tests.campaign import sweep_kills

sweep_kills.NUM_TRIALS, sweep_kills.NUM_EPOCHS = 3, 2
sweep_kills.sweep_small(Path(f"sweep-{sys.argv[1]}"), Path("shapes.csv"), engine=sys.argv[1])
"""


def run_all(folder: Path, programs: ForkedPrograms) -> None:
    """Run command lines in a folder, and write what they said, and which processes they left behind.

    A cluster runs meanwhile, in which a training fails on its way, and goes on, and trials are trained.
    """
    small = merge(merge(FAMILIES["multi-feature"](folder, BATCH_SIZE), SHARED), OFTEN)
    (folder / "small.yaml").write_text(yaml.safe_dump(small))
    with ray_variables() as variables:
        with running_cluster(variables) as address:
            env = {**os.environ, **variables, "COLUMNS": "200"}
            ray = ("--engine", "ray", "--ray-address", address, "--set")
            begin = ("train", "-c", "small.yaml", "--run-dir", "failed", *ray, "trainer.devices=2")
            commands = {
                "own": ("-m", "tests.processes.ray_trainings", str(folder)),
                "failed": ("-c", FAILING, *begin),
                "resumed": (str(MAIN), "resume", "failed", *ray, "trainer.devices=1"),
                "lightning": ("-c", SWEEP, "lightning"),
            }
            done = {name: programs.run_python(words, cwd=folder, env=env) for name, words in commands.items()}
            on_cluster = {**env, "RAY_ADDRESS": address}
            done["ray"] = programs.run_python(("-c", SWEEP, "ray"), cwd=folder, env=on_cluster)
        left = processes_left(variables)
    said = {
        name: {"status": one.returncode, "out": one.stdout, "err": one.stderr} for name, one in done.items()
    }
    (folder / "said.json").write_text(json.dumps({**said, "left": left}))


@pytest.fixture(scope="module")
def folder(shared_folder: Path, forked_programs: ForkedPrograms) -> Path:
    """The folder of `run_all`."""
    return make_once(shared_folder / "ray", partial(run_all, programs=forked_programs))


@pytest.fixture(scope="module")
def said(folder: Path) -> dict[str, Any]:
    """What the programs said, with exit status."""
    contents: dict[str, Any] = json.loads((folder / "said.json").read_text())
    return contents


@needs_ray
@pytest.mark.parametrize("name", TRAINED)
def test_two_workers_come_to_what_one_process_comes_to(
    folder: Path, said: dict[str, Any], trained: Path, name: str
) -> None:
    assert said["own"]["status"] == 0, said["own"]["err"]
    assert_same_training(RunFolder(folder / f"{name}-2"), RunFolder(trained / f"{name}-1"))


@needs_ray
def test_a_worker_that_fails_ends_the_other_and_says_why(said: dict[str, Any]) -> None:
    failed = said["failed"]

    assert failed["status"] == 1
    assert "error: WorkerError: in process 1: RuntimeError: the sixth step went wrong" in failed["err"]
    assert "Traceback" not in failed["err"]


@needs_ray
def test_one_worker_of_a_running_cluster_goes_on_to_the_same_end_as_one_process(
    folder: Path, said: dict[str, Any], trained: Path
) -> None:
    resumed = said["resumed"]

    assert resumed["status"] == 0, resumed["err"]
    assert "Scores of failed/checkpoints/best.ckpt" in resumed["out"]
    assert_same_weights(RunFolder(folder / "failed"), RunFolder(trained / "multi-feature-1"))


@needs_ray
def test_workers_write_where_settings_were_found(folder: Path, said: dict[str, Any]) -> None:
    assert said["resumed"]["status"] == 0
    found = yaml.safe_load(RunFolder(folder / "failed").settings_file.read_text())["provenance"]

    assert found["trainer.checkpoint_every_n_steps"].startswith("small.yaml:")


@needs_ray
def test_a_mistake_that_a_worker_finds_is_told_as_ever(folder: Path) -> None:
    assert "there is no label column 'shap'" in (folder / "mistake.txt").read_text()


@needs_ray
def test_trials_on_ray_come_to_what_they_come_to_in_processes(folder: Path, said: dict[str, Any]) -> None:
    for engine in ("lightning", "ray"):
        assert said[engine]["status"] == 0, said[engine]["err"]

    on_ray, in_processes = (
        (folder / f"sweep-{one}" / "trials.csv").read_text() for one in ("ray", "lightning")
    )
    assert on_ray == in_processes
    assert "complete" in on_ray


@needs_ray
def test_no_process_of_ray_is_left_behind(said: dict[str, Any]) -> None:
    assert said["left"] == []


@needs_ray
@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("127.0.0.1:1", "there is no Ray cluster at 127.0.0.1:1: [Errno 111] Connection refused"),
        ("head", "the address of a Ray cluster is HOST:PORT, as `ray start --head` says it, not head"),
    ],
)
def test_a_wrong_address_is_told_at_once(
    program: Program, tmp_path: Path, address: str, message: str
) -> None:
    done = program("train", "-m", "multi-feature", "--engine", "ray", "--ray-address", address)

    assert done.returncode == 2
    assert done.stderr == f"error: {message}\n"
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("address", "variable", "found"),
    [(None, None, None), (None, "local", None), ("local", "10.0.0.1:6379", None), (None, "auto", "auto")],
)
def test_without_an_address_a_cluster_is_started_here(
    address: str | None, variable: str | None, found: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    if variable is not None:
        monkeypatch.setenv("RAY_ADDRESS", variable)

    assert find_cluster(address) == found


def test_faults_are_told_before_there_is_a_worker(program: Program, small_csv: Path, tmp_path: Path) -> None:
    data = ("--data", str(small_csv), "--label", "shap")

    done = program("train", "-m", "multi-feature", "--engine", "ray", "--run-dir", "run", *data)

    assert done.returncode == 2
    assert "there is no label column 'shap'" in done.stderr
    assert not (tmp_path / "run").exists()


@pytest.mark.skipif(find_spec("ray") is not None, reason="ray is there")
def test_without_ray_it_is_said_what_to_install(small_settings: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"pip install 'nested-lightning\[ray\]'"):
        train_in_workers(parse_settings(small_settings))

    assert not (tmp_path / "run").exists()
