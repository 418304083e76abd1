"""What it costs that the pictures of a table are in a zip archive: epochs and reading, against memory.

Run it from the project's folder with ``python -m benchmarks.pictures_in_zip``. The same encoded bytes are
read from an archive, and from a mapping in memory; everything else is the same.
"""

import io
import statistics
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from pathlib import Path
from time import perf_counter
from typing import Annotated, Any
from unittest.mock import patch
from zipfile import ZipFile

import numpy as np
import typer
from PIL import Image

from benchmarks.epoch_clock import EpochClock, time_training
from nested_lightning import bootstrap, family_container
from nested_lightning.app.serving.pictures import HeldPictures

SIDE = 64
EXTRACTOR = {"stem_stride": 8, "stem_channels": 8, "channels": [8]}
"""Quick, so that reading counts."""
_OPENING = "nested_lightning.app.multi_feature.picture_tables.open_folder_or_zip"


def draw(num_pictures: int) -> Iterator[tuple[str, bytes]]:
    """Yield the name and the PNG bytes of pictures with a smooth field of colours, in two class folders."""
    random = np.random.default_rng(0)
    for number in range(num_pictures):
        coarse = random.integers(0, 256, (8, 8, 3), dtype=np.uint8)
        coarse[:, :, number % 2] //= 2
        content = io.BytesIO()
        Image.fromarray(coarse).resize((SIDE, SIDE), Image.Resampling.BICUBIC).save(content, "PNG")
        yield f"{'ab'[number % 2]}/{number:05d}.png", content.getvalue()


def measure(archive: Path, *, contents: Mapping[str, bytes] | None, num_epochs: int) -> tuple[float, float]:
    """Return the seconds of reading, and the median of an epoch; ``contents`` stand for the archive's."""
    reading_s: list[float] = []

    def fit(folder: Path, clock: EpochClock) -> None:
        settings: dict[str, Any] = {
            "model": "multi-feature",
            "run_dir": str(folder / "run"),
            "multi_feature.data": {"path": str(archive), "picture_size": SIDE},
            "multi_feature.picture_extractor": EXTRACTOR,
            "trainer": {"max_epochs": num_epochs, "accelerator": "cpu", "use_progress_bar": False},
        }
        family = family_container(bootstrap(settings))
        with nullcontext() if contents is None else patch(_OPENING, lambda _: HeldPictures(contents)):
            start = perf_counter()
            family.datamodule().setup()
            reading_s.append(perf_counter() - start)
        run = family.training_run()
        run.trainer.callbacks.insert(0, clock)
        run()

    clock, _ = time_training(fit)
    return reading_s[0], clock.median_epoch_s


def main(
    pictures: Annotated[int, typer.Option(help="Pictures.")] = 10_000,
    epochs: Annotated[int, typer.Option(help="Epochs of each training, at least 3.")] = 3,
    rounds: Annotated[int, typer.Option(help="Trainings of each kind in turn, after a first one.")] = 3,
) -> None:
    """Print the seconds of both, and their ratios: of an epoch, and of reading and an epoch."""
    contents = dict(draw(pictures))
    found: dict[str, list[tuple[float, float]]] = {"zip": [], "memory": []}
    with tempfile.TemporaryDirectory() as folder:
        archive = Path(folder, "pictures.zip")
        with ZipFile(archive, "w") as file:
            for name, content in contents.items():
                file.writestr(name, content)
        for _ in range(rounds + 1):
            found["zip"].append(measure(archive, contents=None, num_epochs=epochs))
            found["memory"].append(measure(archive, contents=contents, num_epochs=epochs))
    medians = {
        name: [statistics.median(column) for column in zip(*one[1:], strict=True)]
        for name, one in found.items()
    }
    for name, (reading_s, epoch_s) in medians.items():
        typer.echo(f"{name:<7} reading {reading_s:.1f} s  epoch {epoch_s:.1f} s")
    (zip_reading_s, zip_epoch_s), (held_reading_s, held_epoch_s) = medians["zip"], medians["memory"]
    first = (zip_reading_s + zip_epoch_s) / (held_reading_s + held_epoch_s)
    typer.echo(f"zip / memory: epoch {zip_epoch_s / held_epoch_s:.2f}, with reading {first:.2f}")


if __name__ == "__main__":
    typer.run(main)
