"""The whole way of a user's own file: train, evaluate, predict, from the command line."""

import csv
import json
import re
from pathlib import Path

import pytest
import yaml

from tests.command_line import ForkedPrograms, Program, program_in
from tests.conftest import write_small_csv

OWN = ("train", "--model", "multi-feature", "--data", "shapes.csv", "--label", "shape", "--device", "cpu")
BEST = "run/checkpoints/best.ckpt"
QUICK = ("--batch-size", "16", "--epochs", "4")


Trained = tuple[Program, Path, str]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, forked_programs: ForkedPrograms) -> Trained:
    """A program in a folder with the training ``run``, which is to be left as it is, and what was printed."""
    folder = tmp_path_factory.mktemp("trained")
    write_small_csv(folder / "shapes.csv")
    program = program_in(folder, forked_programs.run)
    allowing = ("--set", "multi_feature.data.allow_missing_groups=true")
    done = program(*OWN, *QUICK, *allowing, "--run-dir", "run", "--seed", "3")
    assert done.returncode == 0, done.stderr
    return program, folder, done.stdout


@pytest.mark.slow
def test_a_training_prints_its_scores_and_leaves_a_run_folder(trained: Trained) -> None:
    _, folder, printed = trained
    run = folder / "run"

    assert re.search(r"accuracy\W+[\d.]+\W+[\d.]+", printed)
    assert "run/checkpoints/best.ckpt" in printed
    assert (run / "checkpoints" / "last.ckpt").exists()
    log = (run / "train.log").read_text()
    assert re.search(r"epoch 4  step 12  .*val_accuracy [\d.]+ .*train_loss [\d.]+", log)
    assert "best.ckpt: validation" in log
    steps = list(csv.DictReader((run / "metrics.csv").open()))
    assert {"step", "epoch", "train_loss", "val_loss", "val_accuracy", "val_macro_f1"} <= set(steps[0])
    assert yaml.safe_load((run / "settings.yaml").read_text())["seed"] == 3


@pytest.mark.slow
def test_evaluate_scores_the_test_part_or_every_row_of_another_file(trained: Trained) -> None:
    program, folder, _ = trained
    wanted = json.loads((folder / "run" / "results.json").read_text())["test"]["test_accuracy"]

    own = program("evaluate", BEST, "--json")
    all_rows = program("evaluate", BEST, "--data", "shapes.csv")

    assert json.loads(own.stdout)["scores"]["accuracy"] == pytest.approx(wanted, abs=1e-6)
    assert all_rows.returncode == 0, all_rows.stderr
    assert "shapes.csv (90 samples)" in all_rows.stdout
    assert re.search(r"square(\W+[\d.]+){5}\W+30", all_rows.stdout)


@pytest.mark.slow
def test_predict_answers_rows_without_a_label_and_without_a_group_where_settings_allow_it(
    trained: Trained,
) -> None:
    program, folder, _ = trained
    rows = [line.split(",") for line in (folder / "shapes.csv").read_text().splitlines()]
    for name, num_columns in (("new.csv", 5), ("kar.csv", 3)):
        (folder / name).write_text("\n".join(",".join(row[:num_columns]) for row in rows) + "\n")

    predicted = program("predict", BEST, "new.csv")
    of_one_group = program("predict", BEST, "kar.csv", "--output", "answers.csv")

    answers = list(csv.DictReader(predicted.stdout.splitlines()))
    assert len(answers) == 90
    assert {row["prediction"] for row in answers} == {"circle", "square", "star"}
    probabilities = [float(answers[0][f"probability_{name}"]) for name in ("circle", "square", "star")]
    assert sum(probabilities) == pytest.approx(1, abs=1e-5)
    assert of_one_group.returncode == 0, of_one_group.stderr
    assert len((folder / "answers.csv").read_text().splitlines()) == 91


@pytest.mark.slow
def test_the_settings_of_a_run_repeat_it(trained: Trained) -> None:
    program, folder, _ = trained

    done = program("train", "--config", "run/settings.yaml", "--run-dir", "again")

    assert done.returncode == 0, done.stderr
    first, again = (json.loads((folder / name / "results.json").read_text()) for name in ("run", "again"))
    assert first["test"] == again["test"]


@pytest.mark.slow
def test_a_run_folder_that_holds_a_run_is_refused(trained: Trained) -> None:
    program, folder, _ = trained
    before = (folder / BEST).read_bytes()

    done = program("train", "--model", "multi-feature", "--epochs", "1", "--run-dir", "run")

    assert done.returncode == 2
    assert "already holds a run" in done.stderr

    requeued = program(
        *("train", "--model", "multi-feature", "--epochs", "4", "--run-dir", "run"),
        environ={"SLURM_RESTART_COUNT": "1"},
    )
    assert requeued.returncode == 0, requeued.stderr
    assert (folder / BEST).read_bytes() == before


def test_a_constant_column_is_told_in_one_line(program: Program, small_csv: Path) -> None:
    lines = [line.rpartition(",") for line in small_csv.read_text().splitlines()]
    constant = [f"{head},{'kar9' if i == 0 else 1},{label}" for i, (head, _, label) in enumerate(lines)]
    small_csv.write_text("\n".join(constant) + "\n")

    done = program(*OWN, "--epochs", "1", "--batch-size", "16", "--run-dir", "run")

    assert done.returncode == 0, done.stderr
    (note,) = [line for line in done.stderr.splitlines() if "constant" in line]
    assert note.startswith("note: constant in the training part")
    assert "'kar9'" in note
