"""The whole way of vae-gan from the command line: on the digits, and on a folder of coloured pictures."""

import csv
import io
import json
import re
from importlib.resources import files
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest
from PIL import Image

from tests.command_line import Program

pytestmark = pytest.mark.slow

QUICK = (
    *("--set", "vae_gan.vae.encoder.hidden_features=24", "--set", "vae_gan.vae.decoder.hidden_features=24"),
    *("--set", "vae_gan.discriminator.hidden_features=24", "--set", "vae_gan.classifier_steps=150"),
    *("--device", "cpu", "--run-dir", "run"),
)
BEST = "run/checkpoints/best.ckpt"


@pytest.fixture
def emoji_folder(tmp_path: Path) -> Path:
    """24 of the shipped emoji, 32×32 in colour: twelve flags and twelve clocks, each in a sub-folder."""
    with (
        files("nested_lightning.app.data.shipped").joinpath("emoji.zip").open("rb") as file,
        ZipFile(file) as archive,
    ):
        rows = list(csv.DictReader(io.TextIOWrapper(archive.open("captions.csv"), encoding="utf-8")))
        domains = {
            "clocks": [row for row in rows if re.search("o.clock|thirty", row["caption"])],
            "flags": [row for row in rows if re.match("images/1f1e6-", row["image"])],
        }
        for domain, pictures in domains.items():
            (tmp_path / "emoji" / domain).mkdir(parents=True)
            for row in pictures[:12]:
                target = tmp_path / "emoji" / domain / Path(row["image"]).name
                target.write_bytes(archive.read(row["image"]))
    return tmp_path / "emoji"


def _run(program: Program, *arguments: str) -> str:
    done = program(*arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def test_train_and_evaluate_digits(program: Program, tmp_path: Path) -> None:
    printed = _run(program, "train", "--model", "vae-gan", "--epochs", "5", *QUICK)

    assert re.search(r"frechet_distance\W+[\d.]+\W+[\d.]+", printed)
    grids = sorted(path.name for path in (tmp_path / "run" / "pictures").iterdir())
    assert grids == ["epoch-0005-reconstructions.png", "epoch-0005-samples.png"]
    report = json.loads(_run(program, "evaluate", BEST, "--json"))
    assert list(report["by_vae"]) == list("0123456789")
    assert 0 < report["scores"]["judge_accuracy"] <= 1
    assert report["by_vae"]["3"]["samples"] == 37


def test_the_same_commands_work_on_a_folder_of_coloured_pictures(
    program: Program, emoji_folder: Path, tmp_path: Path
) -> None:
    own = ("--data", str(emoji_folder), "--set", "vae_gan.data.image_size=32", "--batch-size", "8")
    brief = ("--epochs", "1", "--set", "trainer.val_every_n_epochs=1")
    _run(program, "train", "--model", "vae-gan", *brief, *own, *QUICK)

    scored = _run(program, "evaluate", BEST, "--data", str(emoji_folder))
    assert "emoji (24 samples)" in scored
    assert re.search(r"clocks(\W+[\d.]+)+", scored)

    _run(program, "predict", BEST, "--reconstruct", str(emoji_folder))
    pairs = np.asarray(Image.open(tmp_path / "reconstructions.png"))
    assert pairs.shape == (4 * 33 + 1, 16 * 33 + 1, 3)
    first = np.asarray(Image.open(sorted((emoji_folder / "clocks").iterdir())[0]).convert("RGB"))
    assert (pairs[1:33, 1:33] == first).all()
