"""The whole way of a user's own file: train, evaluate, predict, from the command line."""

import csv
import json
import re
from pathlib import Path

import pytest
import yaml

from tests.command_line import Program


def _train(program: Program, small_csv: Path, *arguments: str) -> str:
    done = program(
        *("train", "--model", "multi-feature", "--data", str(small_csv), "--label", "shape"),
        *("--epochs", "4", "--batch-size", "16", "--device", "cpu"),
        *arguments,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_train_evaluate_and_predict_a_file_of_ones_own(
    program: Program, small_csv: Path, tmp_path: Path
) -> None:
    printed = _train(program, small_csv, "--run-dir", "run", "--seed", "3")

    run = tmp_path / "run"
    assert re.search(r"accuracy\W+[\d.]+\W+[\d.]+", printed)
    assert "run/checkpoints/best.ckpt" in printed
    assert (run / "checkpoints" / "last.ckpt").exists()
    log = (run / "train.log").read_text()
    assert re.search(r"epoch 4  step 12  .*val_accuracy [\d.]+ .*train_loss [\d.]+", log)
    assert "best.ckpt: validation" in log
    steps = list(csv.DictReader((run / "metrics.csv").open()))
    assert {"step", "epoch", "train_loss", "val_loss", "val_accuracy", "val_macro_f1"} <= set(steps[0])
    assert yaml.safe_load((run / "settings.yaml").read_text())["seed"] == 3
    test_accuracy = json.loads((run / "results.json").read_text())["test"]["test_accuracy"]

    best = str(run / "checkpoints" / "best.ckpt")
    evaluated = program("evaluate", best, "--json")
    assert (
        json.loads(evaluated.stdout)["scores"]["accuracy"] == round(test_accuracy, 10)
        or abs(json.loads(evaluated.stdout)["scores"]["accuracy"] - test_accuracy) < 1e-6
    )

    unlabelled = tmp_path / "new.csv"
    rows = [line.rpartition(",")[0] for line in small_csv.read_text().splitlines()]
    unlabelled.write_text("\n".join(rows) + "\n")
    predicted = program("predict", best, str(unlabelled))
    answers = list(csv.DictReader(predicted.stdout.splitlines()))
    assert len(answers) == 90
    assert {row["prediction"] for row in answers} == {"circle", "square", "star"}
    probabilities = [float(answers[0][f"probability_{name}"]) for name in ("circle", "square", "star")]
    assert abs(sum(probabilities) - 1) < 1e-5


@pytest.mark.slow
def test_evaluate_scores_every_row_of_another_file(program: Program, small_csv: Path, tmp_path: Path) -> None:
    _train(program, small_csv, "--run-dir", "run")

    done = program("evaluate", "run/checkpoints/best.ckpt", "--data", str(small_csv))

    assert done.returncode == 0, done.stderr
    assert "shapes.csv (90 samples)" in done.stdout
    assert re.search(r"square(\W+[\d.]+){5}\W+30", done.stdout)


@pytest.mark.slow
def test_predict_works_with_a_group_left_out_where_settings_allow_it(
    program: Program, small_csv: Path, tmp_path: Path
) -> None:
    _train(program, small_csv, "--run-dir", "run", "--set", "multi_feature.data.allow_missing_groups=true")
    only_kar = tmp_path / "kar.csv"
    only_kar.write_text("\n".join(",".join(x.split(",")[:3]) for x in small_csv.read_text().splitlines()))

    done = program("predict", "run/checkpoints/best.ckpt", str(only_kar), "--output", "answers.csv")

    assert done.returncode == 0, done.stderr
    assert len((tmp_path / "answers.csv").read_text().splitlines()) == 91


@pytest.mark.slow
def test_the_settings_of_a_run_repeat_it(program: Program, small_csv: Path, tmp_path: Path) -> None:
    _train(program, small_csv, "--run-dir", "first", "--seed", "5")

    done = program("train", "--config", "first/settings.yaml", "--run-dir", "second")

    assert done.returncode == 0, done.stderr
    first, second = (
        json.loads((tmp_path / name / "results.json").read_text()) for name in ("first", "second")
    )
    assert first["test"] == second["test"]


@pytest.mark.slow
def test_a_run_folder_that_holds_a_run_is_refused(program: Program, small_csv: Path, tmp_path: Path) -> None:
    _train(program, small_csv, "--run-dir", "run")
    before = (tmp_path / "run" / "checkpoints" / "best.ckpt").read_bytes()

    done = program("train", "--model", "multi-feature", "--epochs", "1", "--run-dir", "run")

    assert done.returncode == 2
    assert "already holds a run" in done.stderr

    requeued = program(
        *("train", "--model", "multi-feature", "--epochs", "4", "--run-dir", "run"),
        environ={"SLURM_RESTART_COUNT": "1"},
    )
    assert requeued.returncode == 0, requeued.stderr
    assert (tmp_path / "run" / "checkpoints" / "best.ckpt").read_bytes() == before


def test_a_constant_column_is_told_in_one_line(program: Program, small_csv: Path) -> None:
    lines = [line.rpartition(",") for line in small_csv.read_text().splitlines()]
    constant = [f"{head},{'kar9' if i == 0 else 1},{label}" for i, (head, _, label) in enumerate(lines)]
    small_csv.write_text("\n".join(constant) + "\n")

    done = program(
        *("train", "-m", "multi-feature", "--data", str(small_csv), "--label", "shape"),
        *("--epochs", "1", "--batch-size", "16", "--device", "cpu", "--run-dir", "run"),
    )

    assert done.returncode == 0, done.stderr
    (note,) = [line for line in done.stderr.splitlines() if "constant" in line]
    assert note.startswith("note: constant in the training part")
    assert "'kar9'" in note
