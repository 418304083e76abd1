"""Pictures in class folders from the command line: trained on, scored, predicted, and what is refused."""

import json
import shutil
from pathlib import Path

import pytest

from tests.app.multi_feature.test_pictures import write_class_folders
from tests.command_line import Program

BEST = "run/checkpoints/best.ckpt"


@pytest.mark.slow
def test_class_folders_are_trained_on_scored_and_predicted(program: Program, tmp_path: Path) -> None:
    write_class_folders(tmp_path / "shapes", num=8)
    shutil.make_archive(str(tmp_path / "shapes"), "zip", tmp_path / "shapes")

    trained = program("train", "--model", "multi-feature", "--data", "shapes", "--run-dir", "run")
    scored = program("evaluate", BEST, "--data", "shapes.zip", "--json")
    answered = program("predict", BEST, "shapes/box/1.png", "shapes/bar", "--json")

    assert trained.returncode == 0, trained.stderr
    assert "picture 1 x 8 x 8" in trained.stdout + trained.stderr
    assert json.loads(scored.stdout)["scores"]["accuracy"] > 0.8
    answers = json.loads(answered.stdout)
    assert [answer["picture"] for answer in answers[:2]] == ["shapes/box/1.png", "shapes/bar/0.png"]
    assert answers[0]["prediction"] == "box"


def test_a_picture_that_is_cut_off_ends_the_training_before_it_begins(
    program: Program, tmp_path: Path
) -> None:
    folder = write_class_folders(tmp_path / "shapes")
    content = (folder / "box" / "2.png").read_bytes()
    (folder / "box" / "2.png").write_bytes(content[:-30])

    done = program("train", "--model", "multi-feature", "--data", "shapes", "--run-dir", "run")

    assert done.returncode == 2
    assert "shapes: row 9, column 'picture': box/2.png: the picture is damaged" in done.stderr
    assert not (tmp_path / "run" / "checkpoints").exists()
