"""Two processes that train together come to what one comes to with their batches as one."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from filelock import FileLock

from app.training.run_folder import RunFolder
from tests.processes.trainings import FAMILIES

PROJECT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="starts processes by fork")


@pytest.fixture(scope="module")
def trained(shared_folder: Path) -> Path:
    """A folder with the run folders of `tests.processes.trainings`, made once for all test processes."""
    folder = shared_folder / "processes"
    with FileLock(f"{folder}.lock"):
        if not (folder / "is-ready").exists():
            folder.mkdir()
            write_shapes(folder / "shapes.csv")
            run_trainings(folder)
            (folder / "is-ready").touch()
    return folder


def run_trainings(folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.processes.trainings", str(folder)],
        cwd=PROJECT,
        env={**os.environ, "PYTHONPATH": str(PROJECT), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def write_shapes(path: Path) -> None:
    """Write 91 rows, which two processes can't share without one that is left over."""
    generator = torch.Generator().manual_seed(0)
    lines = ["kar0,kar1,kar2,fou0,fou1,shape"]
    for row in range(91):
        features = torch.randn(5, generator=generator)
        features[row % 3] += 3
        lines.append(",".join(f"{x:.4f}" for x in features) + "," + ["circle", "square", "star"][row % 3])
    path.write_text("\n".join(lines) + "\n")


def assert_same_training(found: RunFolder, wanted: RunFolder) -> None:
    one, other = (torch.load(folder.last_checkpoint, weights_only=True) for folder in (found, wanted))
    assert one["global_step"] == other["global_step"] > 3
    torch.testing.assert_close(one["state_dict"], other["state_dict"], rtol=1e-4, atol=1e-5)
    rows = [list(csv.DictReader(folder.metrics_file.open())) for folder in (found, wanted)]
    assert len(rows[0]) == len(rows[1])
    for row, expected in zip(*rows, strict=True):
        assert numbers(row) == pytest.approx(numbers(expected), rel=1e-3, abs=1e-4)
    results = [json.loads(folder.results_file.read_text())["test"] for folder in (found, wanted)]
    assert results[0] == pytest.approx(results[1], rel=1e-3, abs=1e-4, nan_ok=True)


def numbers(row: dict[str, str]) -> dict[str, float]:
    return {name: float(value) for name, value in row.items() if value}


@pytest.mark.parametrize("name", FAMILIES)
def test_two_processes_come_to_the_same(trained: Path, name: str) -> None:
    assert_same_training(RunFolder(trained / f"{name}-2"), RunFolder(trained / f"{name}-1"))


@pytest.mark.parametrize("num_processes", [1, 2])
def test_stacked_extractors_come_to_what_they_come_to_one_by_one(trained: Path, num_processes: int) -> None:
    stacked = RunFolder(trained / f"multi-feature-stacked-{num_processes}")
    assert "run as one: kar, fou" in stacked.log_file.read_text()
    assert_same_training(stacked, RunFolder(trained / "multi-feature-1"))


@pytest.mark.parametrize(("name", "change"), [("multi-feature", "1-2"), ("variant", "2-1")])
def test_another_number_of_processes_goes_on_with_the_same_batches(
    trained: Path, name: str, change: str
) -> None:
    found, wanted = RunFolder(trained / f"{name}-{change}"), RunFolder(trained / f"{name}-1")
    one, other = (torch.load(folder.last_checkpoint, weights_only=True) for folder in (found, wanted))
    assert one["global_step"] == other["global_step"]
    torch.testing.assert_close(one["state_dict"], other["state_dict"], rtol=1e-4, atol=1e-5)


def test_as_many_processes_go_on_exactly(trained: Path) -> None:
    found, wanted = RunFolder(trained / "drawing-stopped"), RunFolder(trained / "drawing")
    one, other = (torch.load(folder.last_checkpoint, weights_only=True) for folder in (found, wanted))
    torch.testing.assert_close(one["state_dict"], other["state_dict"], rtol=0, atol=0)
    assert found.metrics_file.read_text() == wanted.metrics_file.read_text()


def seen(folder: Path, name: str) -> list[dict[str, Any]]:
    return [json.loads((folder / f"{name}.rank{rank}.json").read_text()) for rank in range(2)]


def test_each_process_draws_its_own_numbers(trained: Path) -> None:
    one, other = seen(trained, "multi-feature-2")
    assert one["drawn"] != other["drawn"]
    alone = json.loads((trained / "multi-feature-1.rank0.json").read_text())
    assert one["drawn"] == alone["drawn"]


def test_both_processes_draw_the_same_variant_at_the_same_step(trained: Path) -> None:
    one, other = seen(trained, "variant-2")
    assert one["types"] == other["types"]
    assert set(one["types"]) == {"letters", "moods", "points"}
