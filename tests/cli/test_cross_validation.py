"""A cross-validation is a run: it goes on after a kill, is scored as a whole, and says what it predicted."""

import csv
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from tests.command_line import MAIN, TIMEOUT_S, Program

pytestmark = pytest.mark.slow

NUM_FOLDS = 3


def _arguments(data: Path, folder: str) -> tuple[str, ...]:
    return (
        *("train", "--model", "multi-feature", "--data", str(data), "--label", "shape", "--device", "cpu"),
        *("--epochs", "12", "--batch-size", "8", "--folds", str(NUM_FOLDS), "--run-dir", folder),
        *("--set", "trainer.checkpoint_every_n_steps=1"),
    )


def _kill_in_second_fold(data: Path, folder: Path) -> None:
    command = [sys.executable, str(MAIN), *_arguments(data, folder.name)]
    environ = {**os.environ, "COLUMNS": "200"}
    with subprocess.Popen(
        command, cwd=folder.parent, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        deadline_s = time.monotonic() + TIMEOUT_S
        while not (folder / "fold-1" / "checkpoints" / "last.ckpt").exists():
            assert process.poll() is None
            assert time.monotonic() < deadline_s
            time.sleep(0.005)
        process.kill()


def test_a_killed_cross_validation_comes_to_the_same_end(
    program: Program, small_csv: Path, tmp_path: Path
) -> None:
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    _kill_in_second_fold(small_csv, killed)
    assert not (killed / "results.json").exists()
    assert not (killed / "fold-2").exists()

    resumed = program("resume", "killed")
    assert resumed.returncode == 0, resumed.stderr
    assert "Fold 1 of 3" not in resumed.stderr
    assert "Fold 2 of 3 in killed/fold-1" in resumed.stderr
    assert program(*_arguments(small_csv, "whole")).returncode == 0

    for name in ("results.json", "predictions.csv"):
        assert (killed / name).read_text() == (whole / name).read_text()
    for fold in range(NUM_FOLDS):
        one, other = (
            torch.load(folder / f"fold-{fold}/checkpoints/last.ckpt", weights_only=True)["state_dict"]
            for folder in (killed, whole)
        )
        torch.testing.assert_close(one, other, rtol=0, atol=0)


def test_the_folder_is_scored_as_a_whole_and_has_an_answer_for_each_row(
    program: Program, small_csv: Path, tmp_path: Path
) -> None:
    assert program(*_arguments(small_csv, "cv"), "--epochs", "2").returncode == 0
    results = json.loads((tmp_path / "cv" / "results.json").read_text())["test_accuracy"]
    with (tmp_path / "cv" / "predictions.csv").open() as file:
        rows = list(csv.DictReader(file))
    with small_csv.open() as file:
        labels = [row["shape"] for row in csv.DictReader(file)]

    assert [int(row["row"]) for row in rows] == [*range(1, len(labels) + 1)]
    assert [row["label"] for row in rows] == labels
    right = [[row["label"] == row["prediction"] for row in rows if row["fold"] == str(i)] for i in range(3)]
    assert results["values"] == pytest.approx([sum(one) / len(one) for one in right])

    scored = program("evaluate", "cv", "-o", "scores.json")
    report = json.loads((tmp_path / "scores.json").read_text())
    assert scored.returncode == 0, scored.stderr
    assert report["scores"]["accuracy"] == pytest.approx(results["mean"])
    assert report["by_score"]["accuracy"]["low"] == pytest.approx(results["low"])
    assert report["by_fold"]["fold 1"]["accuracy"] == pytest.approx(results["values"][1])

    again = program("resume", "cv")
    assert "Nothing left to do" in again.stdout
    single = program("predict", "cv", str(small_csv))
    assert single.returncode == 2
    assert "cv holds 3 folds, each with its own model: name one, e.g. cv/fold-0" in single.stderr
    taken = program(*_arguments(small_csv, "cv"))
    assert taken.returncode == 2
    assert "already holds folds" in taken.stderr


@pytest.mark.parametrize("kind", ["grouped", "temporal"])
def test_folds_keep_groups_together_or_follow_each_other_in_time(
    program: Program, small_csv: Path, tmp_path: Path, kind: str
) -> None:
    days = [f"2024-01-{1 + row * 7 % 30:02}" for row in range(90)]
    head, *lines = small_csv.read_text().splitlines()
    small_csv.write_text(
        "\n".join([f"{head},day", *(f"{line},{day}" for line, day in zip(lines, days, strict=True))])
    )
    split = [f"--set=multi_feature.data.split.{one}" for one in (f"kind={kind}", "column=day")]

    trained = program(*_arguments(small_csv, "cv"), *split, "--epochs", "1")

    assert trained.returncode == 0, trained.stderr
    with (tmp_path / "cv" / "predictions.csv").open() as file:
        folds = [(days[int(row["row"]) - 1], int(row["fold"])) for row in csv.DictReader(file)]
    assert len(dict(folds)) == len({*folds}), "no day is tested in two folds"
    in_order = [fold for _, fold in sorted(folds)]
    if kind == "temporal":
        assert in_order == sorted(in_order)
        assert min(folds)[0] == "2024-01-09", "what is oldest is trained on, in every fold"
    else:
        assert len(folds) == len(lines)
