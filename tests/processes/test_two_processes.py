"""Two processes that train together come to what one comes to with their batches as one."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from nested_lightning.app.training.runs.run_folder import RunFolder
from tests.processes.same_training import assert_same_training, assert_same_weights
from tests.processes.trainings import FAMILIES

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="starts processes by fork"),
]


@pytest.mark.parametrize("name", FAMILIES)
def test_two_processes_come_to_the_same(trained: Path, name: str) -> None:
    assert_same_training(RunFolder(trained / f"{name}-2"), RunFolder(trained / f"{name}-1"))


@pytest.mark.parametrize("num_processes", [1, 2])
def test_stacked_extractors_come_to_what_they_come_to_one_by_one(trained: Path, num_processes: int) -> None:
    stacked = RunFolder(trained / f"multi-feature-stacked-{num_processes}")
    assert ("run as one: kar, fou" in stacked.log_file.read_text()) == (num_processes == 1)
    assert_same_training(stacked, RunFolder(trained / "multi-feature-1"))


@pytest.mark.parametrize(("name", "change"), [("multi-feature", "1-2"), ("variant", "2-1")])
def test_another_number_of_processes_goes_on_with_the_same_batches(
    trained: Path, name: str, change: str
) -> None:
    assert_same_weights(RunFolder(trained / f"{name}-{change}"), RunFolder(trained / f"{name}-1"))


def test_as_many_processes_go_on_exactly(trained: Path) -> None:
    found, wanted = RunFolder(trained / "drawing-stopped"), RunFolder(trained / "drawing")
    assert_same_weights(found, wanted, rtol=0, atol=0)
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
