"""The whole way of a folder of one's own: train, evaluate, predict, from the command line."""

import json
import re
from pathlib import Path

import pytest

from tests.app.image_to_text.captioned_folder import write_folder
from tests.command_line import Program

pytestmark = pytest.mark.slow

SMALL = """
model: image-to-text
trainer: {max_epochs: 2, accelerator: cpu, num_threads: 1, use_progress_bar: false}
image_to_text:
  data: {picture_size: 16, batch_size: 8, split: {kind: random, val_fraction: 0.2}}
  image_encoder: {stem_channels: 8, channels: [8]}
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
    with (folder / "captions.csv").open("a") as file:
        file.write("images/absent.png,an absent one\n")
    arguments = ("-c", "small.yaml", "--data", str(folder), "--run-dir", "run", "--skip-bad")
    trained = program("train", *arguments)
    assert trained.returncode == 0, trained.stderr
    assert re.search(r"exact_match\W+[\d.]+\W+[\d.]+", trained.stdout)
    assert "1 of 37 pictures left out" in trained.stderr

    best = "run/checkpoints/best.ckpt"
    evaluated = program("evaluate", best, "--data", str(folder), "--skip-bad")
    assert "Scores on shapes (36 samples)" in evaluated.stdout, evaluated.stderr

    pictures = ["shapes/images/red-box-0.png", "shapes/images"]
    lines = program("predict", best, *pictures).stdout.splitlines()
    assert len(lines) == 37
    assert lines[0].startswith("shapes/images/red-box-0.png: ")
    beams = program("predict", best, pictures[0], "--beam", "3", "--output", "-", "--format", "jsonl")
    assert beams.returncode == 0, beams.stderr
    (answer,) = map(json.loads, beams.stdout.splitlines())
    assert [answer["caption"], len(answer["beams"])] == [answer["beams"][0]["caption"], 3]
    scores = [one["log_probability"] for one in answer["beams"]]
    assert scores == sorted(scores, reverse=True)

    (tmp_path / "broken.png").write_bytes(b"nothing")
    drawing = ("--top-p", "0.9", "--seed", "1", "--skip-bad", "--output", "captions.json")
    skipped = program("predict", best, "broken.png", *pictures, *drawing)
    drawn = json.loads((tmp_path / "captions.json").read_text())
    assert [set(one) for one in drawn] == [{"picture", "caption", "log_probability"}] * 37
    assert all(one["log_probability"] <= 0 for one in drawn)
    assert "1 of 38 pictures left out" in skipped.stderr

    refused = program("predict", best, "broken.png")
    assert refused.returncode == 2
    assert "broken.png: this is no picture" in refused.stderr


def test_a_bad_sample_is_refused_by_name(program: Program, folder: Path) -> None:
    (folder / "images" / "red-box-0.png").unlink()

    refused = program("train", "-c", "small.yaml", "--data", str(folder))

    assert refused.returncode == 2
    assert "images/red-box-0.png: no such picture" in refused.stderr
