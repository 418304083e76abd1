"""Cost of an epoch on an accelerator: each family, and its rival as it is commonly written.

Run it from the project's folder with ``python -m benchmarks.on_device``; of several GPUs,
``CUDA_VISIBLE_DEVICES=0`` chooses one. Both train the same networks in 32-true on the data that ship, in
batches of the same size, in turn, several times. An epoch's time is the mean within one training, with
validation, logging, progress and checkpoints; the first and the last epoch are left out. Memory is the most
that torch's tensors took on a CUDA device. Without an accelerator, or with ``--dry``, each program is trained
once, for three epochs on a share of the data, only to see that it runs.
"""

import gc
import logging
import statistics
import warnings
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import torch
import typer
from rich.console import Console
from rich.table import Table

from benchmarks import caption_training, commonly_written, commonly_written_vae_gan, commonly_written_variant
from benchmarks.comparison import Fit, summarize, time_in_turn
from benchmarks.epoch_clock import EpochClock
from benchmarks.training_options import fit
from nested_lightning import bootstrap, family_container
from nested_lightning.settings.multi_feature import PLAIN

BATCH_SIZES = {
    "multi-feature": (64, 512),
    "image-to-text": (32, 256),
    "variant": (32, 128),
    "vae-gan": (100, 500),
}
VAL_EVERY_N_EPOCHS = {"vae-gan": 5}  # where it isn't 1, its default
EVAL_BATCH_SIZE = 128


def data_of(family: str, pictures: Path, *, batch_size: int, is_dry: bool) -> dict[str, Any]:
    """Return the settings of a family: what its rival has, its data and the size of their batches."""
    values: dict[str, Any] = {"data": {"batch_size": batch_size}}
    if family == "multi-feature":
        values |= PLAIN.values["multi_feature"]
    if family == "image-to-text":
        values["data"]["path"] = str(pictures)
    if family == "variant":
        digits, python = {"num_repeats": 1 if is_dry else 4}, {"max_files": 4 if is_dry else 24}
        values["variants"] = {"image": {"source": digits}, "text": {"source": python}}
    return {family.replace("-", "_"): values}


def fit_rival(family: str, data: dict[str, Any], num_epochs: int, folder: Path, clock: EpochClock) -> None:
    """Train what a family is compared with, on the same data."""
    values = data[family.replace("-", "_")]["data"]
    options: dict[str, Any] = {"batch_size": values["batch_size"], "num_epochs": num_epochs}
    if family == "image-to-text":
        options |= {"pictures": Path(values["path"]), "accelerator": "auto"}
        caption_training.fit_commonly(folder, clock, **options)
        return
    datamodule = family_container(bootstrap({"model": family, **data})).datamodule()
    options |= {"folder": folder, "callback": clock}
    parts = datamodule.part("train"), datamodule.part("val")
    if family == "multi-feature":
        commonly_written.fit_commonly(*parts, num_classes=10, **options)
    elif family == "variant":
        num_tokens = datamodule.data_spec.find("text").in_features
        options |= {"num_tokens": num_tokens, "eval_batch_size": EVAL_BATCH_SIZE}
        commonly_written_variant.fit_commonly(*parts, **options)
    else:
        options |= {"val_every_n_epochs": _val_every_n_epochs(family, num_epochs), "accelerator": "auto"}
        commonly_written_vae_gan.fit_commonly(*parts, **options)


def fit_ours(family: str, data: dict[str, Any], num_epochs: int, folder: Path, clock: EpochClock) -> None:
    """Train a family."""
    val_every_n_epochs = _val_every_n_epochs(family, num_epochs)
    trainer = {"max_epochs": num_epochs, "val_every_n_epochs": val_every_n_epochs, "accelerator": "auto"}
    fit(family, data, trainer, folder, clock)


def main(
    family: Annotated[str | None, typer.Option(help="One family; else all of them.")] = None,
    repeats: Annotated[int, typer.Option(help="Trainings of each program.")] = 5,
    num_epochs: Annotated[int, typer.Option(help="Of each training, at least 3.")] = 12,
    dry: Annotated[bool, typer.Option(help="Only see whether all of it runs.")] = False,
) -> None:
    """Print seconds of an epoch and memory of both programs, for each family and two sizes of batches."""
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    warnings.simplefilter("ignore")
    is_dry = dry or not torch.accelerator.is_available()
    columns = ("batch", "rival, s an epoch", "ours, s an epoch", "times faster", "rival, MiB", "ours, MiB")
    table = Table("family", title=_title(is_dry))
    for column in columns:
        table.add_column(column, justify="right")
    if is_dry:
        repeats, num_epochs = 1, 3
    with TemporaryDirectory() as folder:
        caption_training.unpack(Path(folder), 400 if is_dry else 3897)
        for name in BATCH_SIZES if family is None else [family]:
            for size in BATCH_SIZES[name]:
                data = data_of(name, Path(folder), batch_size=size, is_dry=is_dry)
                table.add_row(name, str(size), *_compare(name, data, repeats=repeats, num_epochs=num_epochs))
    Console(width=130).print(table)


def _compare(family: str, data: dict[str, Any], *, repeats: int, num_epochs: int) -> list[str]:
    programs: dict[str, Fit] = {
        program.__name__: partial(_peak_mib, partial(program, family, data, num_epochs))
        for program in (fit_rival, fit_ours)
    }
    seconds, peaks = time_in_turn(programs, repeats=repeats)
    rival, ours = seconds.values()
    ratios = [other / own for other, own in zip(rival, ours, strict=True)]
    memory = [f"{max(each):.0f}" if torch.cuda.is_available() else "-" for each in peaks.values()]
    return [f"{statistics.median(rival):.3f}", f"{statistics.median(ours):.3f}", summarize(ratios), *memory]


def _peak_mib(program: partial[None], folder: Path, clock: EpochClock) -> float:
    """Train, and return the most memory that was taken on a CUDA device; 0 where there is none."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
    program(folder, clock)
    return torch.cuda.max_memory_allocated() / 2**20 if torch.cuda.is_available() else 0.0


def _val_every_n_epochs(family: str, num_epochs: int) -> int:
    return min(VAL_EVERY_N_EPOCHS.get(family, 1), num_epochs)


def _title(is_dry: bool) -> str:
    accelerator = torch.accelerator.current_accelerator(check_available=True)
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else str(accelerator or "CPU")
    return f"{device}, {'dry check: no figures to compare' if is_dry else 'medians (least to most)'}"


if __name__ == "__main__":
    typer.run(main)
