"""The folder of somebody who reads the pages: the files that their commands name."""

import json
import os
import random
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.app.image_to_text.captioned_folder import COLOURS, SHAPES, draw
from tests.app.image_to_text.captioned_folder import write_folder as write_captions
from tests.app.submodules.pretrained.part_folders import write_gpt2, write_text_encoder
from tests.command_line import MAIN, PROJECT
from tests.conftest import write_small_csv
from tests.docs.shell import SHORT
from tests.tiny_variants import write_lines, write_variants

RUNS = {
    "digits": "--model multi-feature",
    "image-to-text": "--model image-to-text --data my-pictures",
    "variant": "--model variant",
    "vae-gan": "--model vae-gan",
    "shapes": "--model multi-feature --data shapes.csv --label shape",
    "flowers": "--model multi-feature --data flowers.csv --label species",
    "letters": "--model multi-feature --data letters",
    "corners": "--model my_corners.py:corners",
    "adapted": "--model multi-feature --config adapted.yaml",
    "one": "--model multi-feature --seed 1",
    "two": "--model multi-feature --seed 2",
}
"""Trainings that pages speak of."""

MODULES = Path(__file__).parent / "readers_modules"


def write_readers_folder(folder: Path, text: str) -> Path:
    """Write files, and train what commands of a page begin with; return the folder."""
    folder.mkdir()
    for module in MODULES.glob("*.py"):
        shutil.copy(module, folder)
    (folder / "main.py").symlink_to(MAIN)
    (folder / "my_corners.py").write_text(_python_of("wiring.md"))
    _write_tables(folder)
    _write_pictures(folder)
    _write_sequences(folder)
    if "weights=minilm" in text:
        write_text_encoder(folder / "minilm")
        write_gpt2(folder / "gpt2")
    (folder / "tokens").write_text("a-token-of-a-reader\n")
    (folder / "adapted.yaml").write_text(
        "submodules: {multi_feature.head: {lora: {rank: 2, targets: [layers.3]}}}\n"
    )
    for name, options in RUNS.items():
        if f"runs/{name}" in text and f"--run-dir runs/{name}" not in text:
            _train(folder, *options.split(), "--run-dir", f"runs/{name}")
    return folder


def _train(folder: Path, *options: str) -> None:
    command = [sys.executable, str(MAIN), "train", *options]
    environ = {**os.environ, **SHORT, "PYTHONPATH": str(PROJECT)}
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def _python_of(page: str) -> str:
    text = (PROJECT / "docs" / page).read_text(encoding="utf-8")
    return "\n\n".join(re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE))


def _write_tables(folder: Path) -> None:
    draws = random.Random(0)
    write_small_csv(folder / "shapes.csv")
    flowers = ["petal_length,petal_width,stem_length,stem_width,kar0,kar1,kar2,fou0,fou1"]
    flowers += [",".join(f"{draws.gauss(0, 1):.2f}" for _ in range(9)) for _ in range(120)]
    species = [f",{draws.choice(['iris', 'rose'])}" for _ in range(120)]
    (folder / "flowers.csv").write_text(_lines(flowers, [",species", *species]))
    (folder / "new.csv").write_text(_lines(flowers, [",kind", *species]))
    houses = ["rooms,age,price", *(f"{n % 7},{n % 50},{1000 * (n % 7) + n}" for n in range(120))]
    (folder / "houses.csv").write_text(_lines(houses))
    verdicts = [draws.choice(["good", "bad"]) for _ in range(80)]
    reviews = [
        f"on day {n} the film was {one} and the food too,{n % 5},{one}" for n, one in enumerate(verdicts)
    ]
    (folder / "reviews.csv").write_text(_lines(["review,stars,verdict", *reviews]))


def _lines(*columns: list[str]) -> str:
    return "".join("".join(cells) + "\n" for cells in zip(*columns, strict=True))


def _write_pictures(folder: Path) -> None:
    write_captions(folder / "my-pictures")
    write_captions(folder / "pictures-with-captions")
    (folder / "folder").mkdir()
    for name in ("picture.png", "other.jpg", "new.png", "folder/one.png", "folder/two.png"):
        draw("red", "disc").save(folder / name)
    for name in ("letters", "class-folders", "pictures"):
        for shape in SHAPES:
            (folder / name / shape).mkdir(parents=True)
            for number, colour in enumerate([*COLOURS] * 8):
                draw(colour, shape).save(folder / name / shape / f"{number}.png")
    shutil.make_archive(str(folder / "letters"), "zip", folder / "letters")


def _write_sequences(folder: Path) -> None:
    write_variants(folder / "sequences")
    shutil.copy(folder / "sequences" / "letters.jsonl", folder / "speech.jsonl")
    places = [{"text": f"the {word} film", "label": word} for word in ("good", "bad") * 30]
    write_lines(folder / "places.jsonl", places)
    (folder / "file.py").write_text(f"text = {json.dumps('def')}  # a comment\n")
