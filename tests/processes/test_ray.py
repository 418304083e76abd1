"""Trainings in the workers of Ray clusters: of one that is started for it, and of one that runs already."""

import json
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
from tests.command_line import ForkedPrograms, program_in
from tests.processes.made_once import make_once
from tests.processes.ray_trainings import TRAINED
from tests.processes.same_training import assert_same_training, assert_same_weights

pytestmark = pytest.mark.slow

needs_ray = pytest.mark.skipif(find_spec("ray") is None, reason="needs the extra ray")


@pytest.fixture(scope="module")
def trained(shared_folder: Path) -> Path:
    """A folder with what `tests.processes.ray_trainings` leaves behind."""
    return make_once(shared_folder / "ray-workers", "tests.processes.ray_trainings")


@pytest.fixture(scope="module")
def said(trained: Path) -> dict[str, Any]:
    """What its programs said, with exit status and duration."""
    contents: dict[str, Any] = json.loads((trained / "said.json").read_text())
    return contents


@needs_ray
@pytest.mark.parametrize("name", TRAINED)
def test_two_workers_come_to_what_one_process_comes_to(trained: Path, name: str) -> None:
    assert_same_training(RunFolder(trained / f"{name}-2"), RunFolder(trained / f"{name}-1"))


@needs_ray
def test_a_worker_that_fails_ends_the_other_and_says_why(trained: Path, said: dict[str, Any]) -> None:
    failed = said["failed"]

    assert failed["status"] == 1
    assert "error: WorkerError: in process 1: RuntimeError: the sixth step went wrong" in failed["err"]
    assert "Traceback" not in failed["err"]


@needs_ray
def test_one_worker_of_a_running_cluster_goes_on_to_the_same_end_as_one_process(
    trained: Path, said: dict[str, Any]
) -> None:
    resumed = said["resumed"]

    assert resumed["status"] == 0, resumed["err"]
    assert "Scores of failed/checkpoints/best.ckpt" in resumed["out"]
    assert_same_weights(RunFolder(trained / "failed"), RunFolder(trained / "multi-feature-1"))


@needs_ray
def test_workers_write_where_settings_were_found(trained: Path) -> None:
    found = yaml.safe_load(RunFolder(trained / "failed").settings_file.read_text())["provenance"]

    assert found["trainer.checkpoint_every_n_steps"].startswith("small.yaml:")


@needs_ray
def test_a_mistake_that_a_worker_finds_is_told_as_ever(said: dict[str, Any]) -> None:
    assert "there is no label column 'shap'" in said["mistake"]


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
    forked_programs: ForkedPrograms, small_csv: Path, tmp_path: Path, address: str, message: str
) -> None:
    program = program_in(tmp_path, forked_programs.run)

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


def test_faults_are_told_before_there_is_a_worker(
    forked_programs: ForkedPrograms, small_csv: Path, tmp_path: Path
) -> None:
    program = program_in(tmp_path, forked_programs.run)
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
