"""``report`` and ``compare``, as a user calls them."""

import json
from pathlib import Path

import pytest

from tests.command_line import Program
from tests.conftest import write_small_csv
from tests.reports import WANTED

TRAIN = ("train", "--model", "multi-feature", "--data", "shapes.csv", "--label", "shape", "--epochs", "2")


@pytest.fixture
def runs(program: Program, tmp_path: Path) -> list[str]:
    """Two trainings on the same file."""
    write_small_csv(tmp_path / "shapes.csv")
    for name, seed in (("one", "0"), ("two", "1")):
        done = program(*TRAIN, "--run-dir", name, "--seed", seed, environ={WANTED: "1"})
        assert done.returncode == 0, done.stderr
        assert f"report           {name}/report.html" in done.stdout
    return ["one", "two"]


@pytest.mark.slow
def test_report_and_compare_say_the_same_of_the_same_runs(
    program: Program, tmp_path: Path, runs: list[str]
) -> None:
    done = program("report", *runs, "-o", "both.html")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "Report: both.html\n"

    tables = {one["title"]: one for one in json.loads(program("compare", *runs, "--json").stdout)}
    scores = {row[0]: row[1:] for row in tables["Scores"]["rows"]}
    evaluated = json.loads(program("evaluate", "two", "--json").stdout)
    assert scores["accuracy"][1] == evaluated["scores"]["accuracy"]
    assert [row[0] for row in tables["Settings that differ"]["rows"]] == ["seed"]
    assert tables["Each against one, on the same samples"]["rows"][0][4] == evaluated["num_samples"]

    page = (tmp_path / "both.html").read_text(encoding="utf-8")
    assert page.count(f"<td>{evaluated['scores']['accuracy']:.6g}</td>") >= 2


def test_folder_without_a_training_is_refused_in_a_line(program: Program, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()

    done = program("report", "empty")

    assert done.returncode == 2
    assert done.stderr == "error: empty: no training began there; name a run folder, which train made\n"
