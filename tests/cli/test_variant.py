"""The whole way of the family variant, from the command line."""

import csv
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from tests.command_line import Program
from tests.tiny_variants import write_variants

pytestmark = pytest.mark.slow

SHIPPED = (
    *("train", "--model", "variant", "--epochs", "1", "--device", "cpu", "--run-dir", "run"),
    *("--set", "variant.data.batches_per_epoch=30", "--set", "variant.data.sampling.kind=round_robin"),
    *("--set", "variant.variants.image.source.num_repeats=2"),
    *("--set", "variant.variants.text.source.max_files=12"),
)


def test_shipped_data_are_learnt_and_predicted(program: Program, tmp_path: Path) -> None:
    trained = program(*SHIPPED)
    assert trained.returncode == 0, trained.stderr
    logged = list(csv.DictReader((tmp_path / "run" / "metrics.csv").open()))
    assert {"val_image_accuracy", "val_text_macro_f1", "val_macro_f1", "train_text_weight"} <= set(logged[0])
    best = "run/checkpoints/best.ckpt"

    source = tmp_path / "file.py"
    source.write_text("# words\ndef name(x):\n    return 'a [b] string'\n")
    coloured = program("predict", best, "--variant", "text", "file.py", environ={"FORCE_COLOR": "1"})
    assert "\x1b[" in coloured.stdout
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured.stdout) == source.read_text()

    digits = tmp_path / "digits"
    digits.mkdir()
    for number in range(5):
        picture = (load_digits().images[number] / 16 * 255).round().astype(np.uint8)
        Image.fromarray(picture).save(digits / f"{number}.png")
    read = program("predict", best, "--variant", "image", "digits")
    assert re.fullmatch(r"digits:( \d\??){5}\n", read.stdout)


def test_sequences_of_ones_own_are_learnt_and_scored(program: Program, tmp_path: Path) -> None:
    folder = write_variants(tmp_path / "own")
    trained = program(
        *("train", "--model", "variant", "--data", str(folder), "--epochs", "2", "--batch-size", "4"),
        *("--device", "cpu", "--run-dir", "run", "--set", "variant.decoder.hidden_features=8"),
    )
    assert trained.returncode == 0, trained.stderr
    best = "run/checkpoints/best.ckpt"

    scored = program("evaluate", best, "--data", str(folder / "letters.jsonl"))
    assert re.search(r"letters\.jsonl \(\d+ samples\)", scored.stdout)
    assert re.search(r"letters(\W+0\.\d+){3}\W+\d+", scored.stdout)
