"""Cost of an epoch of variant: this project, and the program as it is commonly written.

Run it from the project's folder with ``python -m benchmarks.variant_speed``. Both train the same submodules
on a share of the data that ship, in batches of the same size, for as many steps, in turn, several times. This
project takes the threads of its default; the other program leaves their number to torch. An epoch's time is
the mean within one training, with validation, logging, progress and checkpoints. The mean of both variants'
macro F1 on the validation part tells that both learn the same.
"""

import logging
import warnings
from pathlib import Path

import typer
from pytorch_lightning import LightningDataModule
from rich.console import Console

from benchmarks.commonly_written_variant import fit_commonly
from benchmarks.comparison import Fit, compare
from benchmarks.epoch_clock import EpochClock
from nested_lightning import ApplicationSettings, bootstrap, family_container, load_settings
from nested_lightning.app.variant.data import VariantDataModule

BATCH_SIZE, EVAL_BATCH_SIZE = 32, 128  # the defaults of the settings


def settings_of(folder: Path, *, num_epochs: int, num_files: int) -> ApplicationSettings:
    """Return the default settings with a share of the data that ship."""
    variants = {
        "image": {"source": {"kind": "digits", "num_repeats": 4}},
        "text": {"source": {"kind": "python", "max_files": num_files}},
    }
    trainer = {"max_epochs": num_epochs, "accelerator": "cpu"}
    values = {"run_dir": str(folder), "trainer": trainer, "variant": {"variants": variants}}
    return load_settings(model="variant", assignments=[values])


def fit_through_container(settings: ApplicationSettings, clock: EpochClock) -> float:
    """Train as ``train --model variant`` does; return the mean macro F1 on the validation part."""
    run = family_container(bootstrap(settings)).training_run()
    run.trainer.callbacks.insert(0, clock)
    return float(run().validation_metrics["val_macro_f1"])


def main(num_epochs: int = 4, repeats: int = 5, num_files: int = 24) -> None:
    """Print the seconds of an epoch of both programs, and how often faster this project is."""
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    warnings.simplefilter("ignore")
    settings = settings_of(Path("unused"), num_epochs=num_epochs, num_files=num_files)
    datamodule = family_container(bootstrap(settings)).datamodule()
    assert isinstance(datamodule, LightningDataModule)
    assert isinstance(datamodule, VariantDataModule)
    train, val = datamodule.part("train"), datamodule.part("val")
    programs: dict[str, Fit] = {
        "commonly written": lambda folder, clock: fit_commonly(
            train,
            val,
            num_tokens=datamodule.data_spec.find("text").in_features,
            batch_size=BATCH_SIZE,
            eval_batch_size=EVAL_BATCH_SIZE,
            num_epochs=num_epochs,
            folder=folder,
            callback=clock,
        ),
        "this project": lambda folder, clock: fit_through_container(
            settings_of(folder / "run", num_epochs=num_epochs, num_files=num_files), clock
        ),
    }
    table = compare(programs, repeats=repeats, score="macro F1")
    sizes = ", ".join(f"{len(part)} sequences of {name}" for name, part in train.items())
    Console(width=110).print(table, f"to train on: {sizes}")


if __name__ == "__main__":
    typer.run(main)
