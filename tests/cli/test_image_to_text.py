"""The whole way of a folder of one's own: train, evaluate, predict, from the command line."""

import csv
import json
import re
from pathlib import Path

import pytest

from tests.app.data.captioned_folder import write_folder
from tests.cli.conftest import Program

SMALL = """
model: image-to-text
trainer: {max_epochs: 2, accelerator: cpu, num_threads: 1, use_progress_bar: false, log_every_n_steps: 1}
image_to_text:
  data: {picture_size: 16, batch_size: 8, split: {kind: random, val_fraction: 0.2}}
  image_encoder: {stem_channels: 4, channels: [8]}
  bridge: {out_features: 8}
  text_decoder: {embedding_dim: 6, hidden_features: 8}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "small.yaml").write_text(SMALL)
    return write_folder(tmp_path / "shapes")


def test_train_evaluate_and_predict_a_folder_of_ones_own(
    program: Program, folder: Path, tmp_path: Path
) -> None:
    trained = program("train", "-c", "small.yaml", "--data", str(folder), "--run-dir", "run")
    assert trained.returncode == 0, trained.stderr
    assert re.search(r"exact_match\W+[\d.]+\W+[\d.]+", trained.stdout)

    best = "run/checkpoints/best.ckpt"
    evaluated = program("evaluate", best, "--data", str(folder))
    assert "Scores on shapes (36 samples)" in evaluated.stdout, evaluated.stderr

    pictures = ["shapes/images/red-box-0.png", "shapes/images"]
    printed = program("predict", best, *pictures, "--beam", "3")
    lines = printed.stdout.splitlines()
    assert len(lines) == 37, printed.stderr
    assert lines[0].startswith("shapes/images/red-box-0.png: ")

    program("predict", best, *pictures, "--top-p", "0.9", "--seed", "1", "--output", "captions.json")
    drawn = json.loads((tmp_path / "captions.json").read_text())
    assert len(drawn) == 37
    assert all(one["log_probability"] <= 0 for one in drawn)

    table = list(csv.DictReader(program("predict", best, *pictures, "--format", "csv").stdout.splitlines()))
    assert list(table[0]) == ["picture", "caption", "log_probability"]

    broken = tmp_path / "broken.png"
    broken.write_bytes(b"nothing")
    refused = program("predict", best, str(broken), pictures[0])
    assert refused.returncode == 2
    assert "broken.png: this is no picture" in refused.stderr
    skipped = program("predict", best, str(broken), pictures[0], "--skip-bad")
    assert skipped.stdout.count("\n") == 1
    assert "1 of 2 pictures left out" in skipped.stderr


def test_bad_samples_are_refused_or_left_out_and_counted(program: Program, folder: Path) -> None:
    with (folder / "captions.csv").open("a") as file:
        file.write("images/absent.png,an absent one\n")
    arguments = ("train", "-c", "small.yaml", "--data", str(folder), "--epochs", "1")

    refused = program(*arguments)
    assert refused.returncode == 2
    assert "images/absent.png: no such picture" in refused.stderr

    done = program(*arguments, "--skip-bad")
    assert done.returncode == 0, done.stderr
    assert "1 of 37 pictures left out" in done.stderr
