"""Two processes share what plain DataLoaders give: each row once an epoch, whichever sampler draws it."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.command_line import ForkedPrograms
from tests.processes.made_once import run_once
from tests.processes.own_trainings import NUM_ROWS

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="starts processes by fork"),
]


@pytest.fixture(scope="module")
def trained(shared_folder: Path, forked_programs: ForkedPrograms) -> Path:
    """A folder with what `tests.processes.own_trainings` writes."""
    return run_once(shared_folder / "own_loaders", "tests.processes.own_trainings", forked_programs)


def _seen(folder: Path, kind: str) -> list[Any]:
    return [json.loads((folder / f"{kind}.rank{rank}.json").read_text()) for rank in range(2)]


@pytest.mark.parametrize("kind", ["shuffled", "batch_sampler"])
def test_each_row_is_given_to_one_process_once_an_epoch(trained: Path, kind: str) -> None:
    one, other = _seen(trained, kind)
    assert len(one["train"]) == len(other["train"]) == 2
    for rows in zip(one["train"], other["train"], strict=True):
        assert sorted(rows[0] + rows[1]) == [*range(NUM_ROWS)]
        assert min(map(len, rows)) >= NUM_ROWS // 3
    assert one["train"][0] != one["train"][1]


def test_a_sampler_that_shares_the_rows_itself_is_left_alone(trained: Path) -> None:
    one, other = _seen(trained, "shared")
    assert one["train"] == [[*range(0, NUM_ROWS - 1, 2)]] * 2
    assert other["train"] == [[*range(1, NUM_ROWS, 2)]] * 2


def test_a_stream_that_each_process_would_read_whole_is_refused(trained: Path) -> None:
    for message in _seen(trained, "stream"):
        assert message.startswith("Stream can only be read from its beginning")
        assert "trainer.use_distributed_sampler=false" in message


def test_data_are_prepared_once_on_a_machine_and_before_any_process_sets_them_up(trained: Path) -> None:
    assert (trained / "shuffled.prepared").read_text() == "prepared\n"


def test_each_process_validates_with_all_rows_so_that_scores_are_those_of_all(trained: Path) -> None:
    for seen in _seen(trained, "shuffled"):
        assert all(sorted(rows) == [*range(NUM_ROWS)] for rows in seen["val"])
