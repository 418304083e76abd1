"""Cost of an epoch of image-to-text: this project, and the model as commonly written.

Run it from the project's folder with ``python -m benchmarks.caption_training``. Both train the default parts
on emoji that ship, with as many batches of the same size, in turn, several times: the program as commonly
written in the Trainer's default ``32-true``, this project in that too and in its own default, ``auto``.
An epoch's time is the mean within one training, with validation, generated captions, logging, progress and
checkpoints. The word error rate of the captions generated for the validation part tells that they learn the
same.
"""

import logging
import random
import warnings
import zipfile
from collections.abc import Callable
from functools import partial
from importlib.resources import as_file, files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
import typer
from rich.console import Console

from benchmarks.commonly_written_captions import CaptionedFiles, fit_captions_commonly
from benchmarks.comparison import Fit, compare
from benchmarks.epoch_clock import EpochClock
from nested_lightning import bootstrap, family_container, load_settings
from nested_lightning.app.image_to_text.data import ImageToTextDataModule
from nested_lightning.app.pictures.source import SHIPPED_EMOJI

BATCH_SIZE = 32  # the default of the settings


def fit_through_container(
    folder: Path, clock: EpochClock, *, pictures: Path, num_epochs: int, precision: str
) -> float:
    """Train as ``train --model image-to-text --data PICTURES`` does; return the word error rate."""
    trainer = {"max_epochs": num_epochs, "accelerator": "cpu", "precision": precision, "num_threads": None}
    settings = load_settings(
        model="image-to-text",
        assignments=[
            {"run_dir": str(folder / "run"), "trainer": trainer},
            {"image_to_text": {"data": {"path": str(pictures)}}},
        ],
    )
    run = family_container(bootstrap(settings)).training_run()
    run.trainer.callbacks.insert(0, clock)
    return float(run().validation_metrics["val_word_error_rate"])


def fit_commonly(
    folder: Path,
    clock: EpochClock,
    *,
    pictures: Path,
    num_epochs: int,
    batch_size: int = BATCH_SIZE,
    accelerator: str = "cpu",
) -> float:
    """Train the same parts in a program as it is commonly written; return the word error rate."""
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
    return fit_captions_commonly(
        train,
        val,
        picture_size=spec.picture_size,
        batch_size=batch_size,
        num_epochs=num_epochs,
        folder=folder,
        callback=clock,
        accelerator=accelerator,
    )


def unpack(folder: Path, num_pictures: int) -> None:
    """Write pictures that ship, drawn at random, and their captions into a folder."""
    with (
        as_file(files("nested_lightning.app.data.shipped") / SHIPPED_EMOJI) as shipped,
        zipfile.ZipFile(shipped) as archive,
    ):
        archive.extractall(folder)
    table = folder / "captions.csv"
    header, *rows = table.read_text(encoding="utf-8").splitlines()
    chosen = random.Random(0).sample(rows, min(num_pictures, len(rows)))
    table.write_text("\n".join([header, *chosen, ""]), encoding="utf-8")


def main(num_pictures: int = 400, num_epochs: int = 10, repeats: int = 5, num_threads: int = 1) -> None:
    """Print the seconds of an epoch, and how many times faster this project's is.

    Args:
        num_pictures: Pictures of all parts together; all that ship are 3,897.
        num_epochs: Of each training, at least 3; the first and the last are not timed.
        repeats: Trainings of each program.
        num_threads: Of torch.
    """
    torch.set_num_threads(num_threads)
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    warnings.simplefilter("ignore")
    with TemporaryDirectory() as name:
        unpack(Path(name), num_pictures)
        options: dict[str, Any] = {"pictures": Path(name), "num_epochs": num_epochs}
        ours: Callable[..., float] = partial(fit_through_container, **options)
        programs: dict[str, Fit] = {
            "commonly written, 32-true": partial(fit_commonly, **options),
            "this project, 32-true": partial(ours, precision="32-true"),
            "this project, auto": partial(ours, precision="auto"),
        }
        Console(width=110).print(compare(programs, repeats=repeats, score="word error rate"))


if __name__ == "__main__":
    typer.run(main)
