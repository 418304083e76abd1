"""A cross-validation is a run: it goes on after a kill, is scored as a whole, and says what it predicted."""

import csv
import json
import signal
from pathlib import Path
from typing import Any

import pytest
import yaml

from nested_lightning.settings.reading.merging import merge
from tests.cli.signalled import SIGNALLED
from tests.command_line import MAIN, ForkedPrograms, Program, program_in
from tests.conftest import make_small_settings, write_small_csv
from tests.containers.shared_trainings import assert_same_training
from tests.tiny_variants import variant_settings, write_variants

pytestmark = pytest.mark.slow

NUM_FOLDS = 3


def _arguments(data: Path, folder: str) -> tuple[str, ...]:
    return (
        *("train", "--model", "multi-feature", "--data", str(data), "--label", "shape", "--device", "cpu"),
        *("--epochs", "12", "--batch-size", "8", "--folds", str(NUM_FOLDS), "--run-dir", folder),
        *("--set", "trainer.checkpoint_every_n_steps=1"),
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, forked_programs: ForkedPrograms) -> Path:
    """A folder with the settings of folds, and with ``whole``, in which they were trained without a stop."""
    folder = tmp_path_factory.mktemp("folds")
    settings = make_small_settings(write_small_csv(folder / "shapes.csv"), folder / "unused")
    often = {"trainer": {"max_epochs": 12, "num_threads": 1, "checkpoint_every_n_steps": 1}}
    (folder / "small.yaml").write_text(yaml.safe_dump(merge(settings, often)))
    assert program_in(folder, forked_programs.run)(*TRAIN, "whole").returncode == 0
    return folder


TRAIN = ("train", "-c", "small.yaml", "--folds", str(NUM_FOLDS), "--run-dir")
STARTED_AGAIN = {"SLURM_RESTART_COUNT": "1"}


@pytest.mark.parametrize(
    ("number", "words", "environ"),
    [
        (signal.SIGKILL, ("resume", "SIGKILL"), {}),
        (signal.SIGTERM, ("resume", "SIGTERM"), {}),
        (signal.SIGINT, (*TRAIN, "SIGINT"), STARTED_AGAIN),
    ],
    ids=["a kill", "a signal", "Ctrl-C, and the command again as a scheduler gives it"],
)
def test_folds_come_to_the_same_end_after(
    folder: Path, forked_programs: ForkedPrograms, number: signal.Signals, words: Any, environ: Any
) -> None:
    stopped = folder / number.name
    last = f"{number.name}/fold-1/checkpoints/last.ckpt"
    begin = (SIGNALLED, str(int(number)), last, str(MAIN), *TRAIN, number.name)
    first = program_in(folder, forked_programs.run_code)(*begin)
    assert not (stopped / "fold-2").exists()
    assert not (stopped / "results.json").exists()
    if number == signal.SIGKILL:
        assert first.returncode == -number
    else:
        assert first.returncode == 128 + number, first.stderr
        assert f"stopped by {number.name}. Go on with:" in first.stderr
        assert f"main.py resume {number.name}\n" in first.stderr
        assert "Traceback" not in first.stderr

    again = program_in(folder, forked_programs.run)(*words, environ=environ)

    assert again.returncode == 0, again.stderr
    assert "Fold 1 of 3" not in again.stderr
    assert f"Fold 2 of 3 in {number.name}/fold-1" in again.stderr
    for name in ("results.json", "predictions.csv"):
        assert (stopped / name).read_text() == (folder / "whole" / name).read_text()
    for fold in range(NUM_FOLDS):
        assert_same_training(stopped / f"fold-{fold}", folder / "whole" / f"fold-{fold}")


def test_sequences_have_answers_of_the_models_that_had_not_seen_them(
    program: Program, tmp_path: Path
) -> None:
    data = write_variants(tmp_path / "data")
    windows = {"letters": {"source": {"kind": "file", "window": 4, "margin": 1}}}
    settings = variant_settings(data, tmp_path / "run", variants=windows)
    (tmp_path / "small.yaml").write_text(yaml.safe_dump(settings))
    assert program("train", "-c", "small.yaml", "--folds", "3", "--run-dir", "cv").returncode == 0
    results = json.loads((tmp_path / "cv" / "results.json").read_text())
    with (tmp_path / "cv" / "predictions.csv").open() as file:
        rows = list(csv.DictReader(file))

    for variant, field in (("letters", "labels"), ("moods", "label"), ("points", "labels")):
        lines = (data / f"{variant}.jsonl").read_text().splitlines()
        own = [row for row in rows if row["variant"] == variant]
        assert {row["file"] for row in own} == {f"{variant}.jsonl"}
        assert [*dict.fromkeys(int(row["row"]) for row in own)] == [*range(1, len(lines) + 1)]
        wanted = [json.loads(line)[field] for line in lines]
        flat = [str(label) for labels in wanted for label in (labels if field == "labels" else [labels])]
        assert [row["label"] for row in own for _ in range(_num_steps(row))] == flat
        for fold, accuracy in enumerate(results[f"test_{variant}_accuracy"]["values"]):
            tested = [row for row in own if row["fold"] == str(fold)]
            right = sum(_num_steps(row) for row in tested if row["label"] == row["prediction"])
            assert right / sum(map(_num_steps, tested)) == pytest.approx(accuracy)


def _num_steps(row: dict[str, str]) -> int:
    return int(row["stop"]) - int(row["start"]) if row["stop"] else 1


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
