"""What ``train``, ``check`` and ``evaluate`` say of the data, and what ``evaluate`` writes."""

import json
from pathlib import Path

import pytest

from tests.command_line import Program

LINES = (
    "groups     kar 3 numbers, fou 2 numbers",
    "objective  shape classes, since it holds 3 different texts",
    "classes    circle 30, square 30, star 30",
)


@pytest.fixture
def trained(program: Program, small_csv: Path) -> Program:
    """Runs commands where a training has ended."""
    quick = ("--epochs", "1", "--set", "trainer.accelerator=cpu", "--run-dir", "run")
    done = program("train", "--model", "multi-feature", "--data", str(small_csv), "--label", "shape", *quick)
    assert done.returncode == 0, done.stderr
    assert all(line in done.stdout for line in LINES), done.stdout
    return program


def test_what_was_understood_of_the_data_is_said_kept_and_logged(
    trained: Program, small_csv: Path, tmp_path: Path
) -> None:
    checked = trained("check", "-c", "run/settings.yaml").stdout
    evaluated = trained("evaluate", "run/checkpoints/best.ckpt").stdout
    data = json.loads((tmp_path / "run/results.json").read_text())["data"]
    log = (tmp_path / "run/train.log").read_text()

    assert all(line in checked for line in LINES)
    assert "objective  shape classes\n" in evaluated  # as the checkpoint says
    assert data["file"] == str(small_csv)
    assert data["rows"] == {"used": 90, "left out": 0}
    assert sum(data["parts"].values()) == 90
    assert "data: classes: circle 30, square 30, star 30" in log


@pytest.mark.slow
def test_scores_are_written_by_the_ending_of_the_file(trained: Program, tmp_path: Path) -> None:
    for ending in ("json", "csv", "md"):
        done = trained("evaluate", "run/checkpoints/best.ckpt", "-o", f"scores.{ending}")
        assert done.returncode == 0, done.stderr
    refused = trained("evaluate", "run/checkpoints/best.ckpt", "-o", "scores.txt")

    scores = json.loads((tmp_path / "scores.json").read_text())
    assert {"balanced_accuracy", "roc_auc", "average_precision"} <= scores["scores"].keys()
    assert scores["confusion"]["class_names"] == ["circle", "square", "star"]
    assert (
        f"Scores on test part (18 samples),accuracy,value,{scores['scores']['accuracy']}"
        in (tmp_path / "scores.csv").read_text().splitlines()
    )
    assert "| class | circle | square | star |" in (tmp_path / "scores.md").read_text()
    assert refused.returncode == 2
    assert "scores.txt must end in .json, .csv, .md" in " ".join(refused.stderr.split())
