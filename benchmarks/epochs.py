"""Cost of an epoch: each family, and the program as it is commonly written.

Run it from the project's folder with ``python -m benchmarks.epochs``; ``--family`` takes one alone, and of
several GPUs, ``CUDA_VISIBLE_DEVICES=0`` chooses one. Both train the same networks on data that ship, in
batches of the same size, in turn, several times. An epoch's time is the mean within one training, with
validation, logging, progress and checkpoints; the first and the last epoch are left out. A score on the
validation part tells that both learn the same. Memory is the most that torch's tensors took on a CUDA device.
"""

import gc
import logging
import warnings
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import torch
import typer
from rich.console import Console
from rich.table import Table

from benchmarks import (
    commonly_written,
    commonly_written_captions,
    commonly_written_vae_gan,
    commonly_written_variant,
)
from benchmarks.comparison import Fit, summarize, time_in_turn
from benchmarks.epoch_clock import EpochClock
from benchmarks.shares import emoji, sequences
from nested_lightning import ApplicationSettings, bootstrap, family_container, load_settings

BATCH_SIZES = {
    "multi-feature": (64, 512),
    "image-to-text": (32, 256),
    "variant": (32, 128),
    "vae-gan": (100, 500),
}
"""The default of the settings, and a larger one."""
RIVALS: dict[str, Any] = {
    "multi-feature": commonly_written.fit_commonly,
    "image-to-text": commonly_written_captions.fit_commonly,
    "variant": commonly_written_variant.fit_commonly,
    "vae-gan": commonly_written_vae_gan.fit_commonly,
}
SCORES = {
    "multi-feature": "val_accuracy",
    "image-to-text": "val_word_error_rate",
    "variant": "val_macro_f1",
    "vae-gan": "val_reconstruction",
}
"""What rivals return, as this project calls it."""


def fit_rival(settings: ApplicationSettings, folder: Path, clock: EpochClock, *, batch_size: int) -> float:
    """Train what a family is compared with, on the same data; return its score."""
    datamodule = family_container(bootstrap(settings)).datamodule()
    trainer: dict[str, Any] = {
        "max_epochs": settings.trainer.max_epochs,
        "accelerator": settings.trainer.accelerator,
        "check_val_every_n_epoch": settings.trainer.val_every_n_epochs,
        "default_root_dir": folder,
        "callbacks": [clock],
    }
    return float(RIVALS[settings.model](datamodule, trainer, batch_size=batch_size))


def fit_ours(settings: ApplicationSettings, folder: Path, clock: EpochClock) -> float:
    """Train a family; return its score."""
    run = family_container(bootstrap(settings.model_copy(update={"run_dir": folder / "run"}))).training_run()
    run.trainer.callbacks.insert(0, clock)
    return float(run().validation_metrics[SCORES[settings.model]])


def main(
    family: Annotated[str | None, typer.Option(help="One family; else all of them.")] = None,
    batch_size: Annotated[int | None, typer.Option(help="One size; else two.")] = None,
    num_epochs: Annotated[int, typer.Option(help="Of each training, at least 3.")] = 12,
    repeats: Annotated[int, typer.Option(help="Trainings of each program.")] = 5,
    num_pictures: Annotated[int, typer.Option(help="Emoji of all parts; all that ship are 3,897.")] = 400,
    num_files: Annotated[int, typer.Option(help="Files of Python that variant reads.")] = 24,
    precision: Annotated[str, typer.Option(help="Of this project; rivals have 32-true.")] = "32-true",
    device: Annotated[str, typer.Option(help="What Lightning calls an accelerator.")] = "auto",
    num_threads: Annotated[int | None, typer.Option(help="Else torch's number, and this project's.")] = None,
) -> None:
    """Print seconds of an epoch, score and memory of both programs, for each family and size of batches."""
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    warnings.simplefilter("ignore")
    trainer: dict[str, Any] = {"max_epochs": num_epochs, "accelerator": device, "precision": precision}
    if num_threads is not None:
        torch.set_num_threads(num_threads)
        trainer["num_threads"] = None
    columns = ("family", "batch", "program", "s an epoch", "times faster", "score", "MiB")
    table = Table(*columns, title=torch.cuda.get_device_name() if torch.cuda.is_available() else None)
    with TemporaryDirectory() as folder:
        shares = {
            "image-to-text": emoji(Path(folder), num_pictures),
            "variant": sequences(num_files=num_files, num_repeats=4),
        }
        for name in BATCH_SIZES if family is None else [family]:
            for size in BATCH_SIZES[name] if batch_size is None else [batch_size]:
                own = {f"{name.replace('-', '_')}.data.batch_size": size}
                settings = load_settings(
                    model=name,
                    presets=["plain"] if name == "multi-feature" else [],
                    assignments=[{"trainer": trainer}, shares.get(name, {}), own],
                )
                for row in _compare(settings, size, repeats):
                    table.add_row(name, str(size), *row)
    Console(width=130).print(table)


def _compare(settings: ApplicationSettings, batch_size: int, repeats: int) -> Iterator[list[str]]:
    peaks: dict[str, float] = {}
    fits: dict[str, Fit] = {
        "commonly written": partial(fit_rival, settings, batch_size=batch_size),
        "this project": partial(fit_ours, settings),
    }
    programs = {name: partial(_with_peak, fit, name, peaks) for name, fit in fits.items()}
    seconds, scores = time_in_turn(programs, repeats=repeats)
    first = seconds["commonly written"]
    for name, values in seconds.items():
        ratios = [other / own for other, own in zip(first, values, strict=True)]
        yield [name, summarize(values), summarize(ratios), summarize(scores[name]), f"{peaks[name]:.0f}"]


def _with_peak(fit: Fit, name: str, peaks: dict[str, float], folder: Path, clock: EpochClock) -> float:
    """Train, and note the most memory that was taken on a CUDA device; 0 where there is none."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
    score = fit(folder, clock)
    taken = torch.cuda.max_memory_allocated() / 2**20 if torch.cuda.is_available() else 0.0
    peaks[name] = max(taken, peaks.get(name, 0.0))
    return score


if __name__ == "__main__":
    typer.run(main)
