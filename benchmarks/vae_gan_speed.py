"""Cost of an epoch of vae-gan: this project, and the program as it is commonly written.

Run it from the project's folder with ``python -m benchmarks.vae_gan_speed``. Both train the same networks on
the digits in batches of the same size, with the same losses, on one CPU thread, in turn, several times. An
epoch's time is the mean within one training, with logging, progress, checkpoints and, in every fifth epoch,
validation (which here also samples and scores pictures). The error of reconstructions of validation pictures
tells that both learn the same.
"""

import logging
import warnings
from pathlib import Path

import torch
import typer
from rich.console import Console
from torch import Tensor

from benchmarks.commonly_written_vae_gan import fit_commonly
from benchmarks.comparison import Fit, compare
from benchmarks.epoch_clock import EpochClock
from nested_lightning import bootstrap, family_container, load_settings
from nested_lightning.app.vae_gan.batch import PictureBatch

BATCH_SIZE = 100  # the default of the settings
VAL_EVERY_N_EPOCHS = 5  # likewise


def fit_through_container(*, num_epochs: int, folder: Path, clock: EpochClock) -> float:
    """Train as ``train --model vae-gan`` does; return the error of validation reconstructions."""
    settings = load_settings(
        model="vae-gan",
        assignments=[
            {"run_dir": str(folder)},
            {"trainer": {"max_epochs": num_epochs, "accelerator": "cpu"}},
        ],
    )
    family = family_container(bootstrap(settings))
    run = family.training_run()
    run.trainer.callbacks.insert(0, clock)
    run()
    val = family.datamodule().part("val")
    return _error(run.model.eval()(val.pictures, val.domain), val)


def fit_as_common(
    train: PictureBatch, val: PictureBatch, *, num_epochs: int, folder: Path, clock: EpochClock
) -> float:
    """Train as one usually would; return the error of validation reconstructions."""
    model = fit_commonly(
        train,
        val,
        batch_size=BATCH_SIZE,
        num_epochs=num_epochs,
        val_every_n_epochs=VAL_EVERY_N_EPOCHS,
        folder=folder,
        callback=clock,
    )
    return _error(model.eval()(val.pictures, val.domain), val)


def main(num_epochs: int = 20, repeats: int = 5) -> None:
    """Print the seconds of an epoch of both programs, and how often faster this project is."""
    torch.set_num_threads(1)
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    warnings.simplefilter("ignore")
    datamodule = family_container(bootstrap({"model": "vae-gan"})).datamodule()
    train, val = datamodule.part("train"), datamodule.part("val")
    programs: dict[str, Fit] = {
        "commonly written": lambda folder, clock: fit_as_common(
            train, val, num_epochs=num_epochs, folder=folder, clock=clock
        ),
        "this project": lambda folder, clock: fit_through_container(
            num_epochs=num_epochs, folder=folder / "run", clock=clock
        ),
    }
    table = compare(programs, repeats=repeats, score="reconstruction error")
    Console(width=110).print(table)


@torch.no_grad()
def _error(reconstructions: Tensor, real: PictureBatch) -> float:
    return float((reconstructions - real.pictures).square().flatten(1).sum(dim=1).mean())


if __name__ == "__main__":
    typer.run(main)
