"""Cost of an epoch of image-to-text: this project, and the model as commonly written.

Run it from the project's folder with ``python -m benchmarks.caption_training``. Both train the default parts
on emoji that ship, with as many batches of the same size, in turn, several times. The time is the median
within one training, with validation, generated captions, logging, progress and checkpoints.
"""

import logging
import random
import statistics
import tempfile
import warnings
import zipfile
from collections.abc import Callable, Sequence
from importlib.resources import as_file, files
from pathlib import Path

import torch
import typer
from rich.console import Console
from rich.table import Table

from app.data.image_to_text import ImageToTextDataModule
from app.data.picture_source import SHIPPED_EMOJI
from benchmarks.commonly_written_captions import CaptionedFiles, fit_captions_commonly
from benchmarks.epoch_clock import EpochClock, time_training
from containers import bootstrap, family_container
from settings import load_settings

BATCH_SIZE = 32  # the default of the settings
Fit = Callable[[Path, EpochClock], None]


def fit_through_container(
    pictures: Path, *, num_epochs: int, precision: str, folder: Path, clock: EpochClock
) -> None:
    """Train as ``train --model image-to-text --data PICTURES`` does."""
    trainer = {"max_epochs": num_epochs, "accelerator": "cpu", "precision": precision, "num_threads": None}
    settings = load_settings(
        model="image-to-text",
        assignments=[
            {"run_dir": str(folder), "trainer": trainer},
            {"image_to_text": {"data": {"path": str(pictures)}}},
        ],
    )
    run = family_container(bootstrap(settings)).training_run()
    run.trainer.callbacks.insert(0, clock)
    run()


def fit_commonly(pictures: Path, *, num_epochs: int, folder: Path, clock: EpochClock) -> None:
    """Train the same parts in a program as it is commonly written."""
    settings = {"model": "image-to-text", "image_to_text": {"data": {"path": str(pictures)}}}
    datamodule: ImageToTextDataModule = family_container(bootstrap(settings)).datamodule()
    spec = datamodule.data_spec
    train, val = (
        CaptionedFiles(
            folder=pictures,
            names=datamodule.names(part),
            vocabulary=spec.vocabulary,
            max_length=spec.max_length,
        )
        for part in ("train", "val")
    )
    fit_captions_commonly(
        train,
        val,
        picture_size=spec.picture_size,
        batch_size=BATCH_SIZE,
        num_epochs=num_epochs,
        folder=folder,
        callback=clock,
    )


def unpack(folder: Path, num_pictures: int) -> None:
    """Write pictures that ship, drawn at random, and their captions into a folder."""
    with as_file(files("app.data.shipped") / SHIPPED_EMOJI) as shipped, zipfile.ZipFile(shipped) as archive:
        archive.extractall(folder)
    table = folder / "captions.csv"
    header, *rows = table.read_text(encoding="utf-8").splitlines()
    chosen = random.Random(0).sample(rows, min(num_pictures, len(rows)))
    table.write_text("\n".join([header, *chosen, ""]), encoding="utf-8")


def main(
    num_pictures: int = 400,
    num_epochs: int = 3,
    repeats: int = 5,
    num_threads: int = 1,
    precision: str = "bf16-mixed",
) -> None:
    """Print the seconds of an epoch, and how many times faster this project's is.

    Args:
        num_pictures: Pictures of all parts together; all that ship are 3,897.
        num_epochs: Of each training, at least 3; the first and the last are not timed.
        repeats: Trainings of each program.
        num_threads: Of torch.
        precision: Of this project's program; bf16-mixed is the family's default.
    """
    torch.set_num_threads(num_threads)
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    warnings.simplefilter("ignore")
    costs = _measure(num_pictures, num_epochs=num_epochs, repeats=repeats, precision=precision)
    table = Table("program", "s an epoch", "min", "max", "times faster", "min", "max")
    for name, values in costs.items():
        ratios = [common / value for common, value in zip(costs["commonly written"], values, strict=True)]
        table.add_row(name, *_summarize(values), *_summarize(ratios))
    Console().print(table)


def _measure(num_pictures: int, *, num_epochs: int, repeats: int, precision: str) -> dict[str, list[float]]:
    with tempfile.TemporaryDirectory() as name:
        pictures = Path(name)
        unpack(pictures, num_pictures)
        programs: dict[str, Fit] = {
            "commonly written": lambda folder, clock: fit_commonly(
                pictures, num_epochs=num_epochs, folder=folder, clock=clock
            ),
            f"this project, {precision}": lambda folder, clock: fit_through_container(
                pictures, num_epochs=num_epochs, precision=precision, folder=folder / "run", clock=clock
            ),
        }
        costs: dict[str, list[float]] = {program: [] for program in programs}
        for _ in range(repeats):
            for program, fit in programs.items():
                clock, _ = time_training(fit)
                costs[program].append(clock.median_epoch_s)
    return costs


def _summarize(values: Sequence[float]) -> list[str]:
    return [f"{summary(values):.2f}" for summary in (statistics.median, min, max)]


if __name__ == "__main__":
    typer.run(main)
