"""What options of the training cost or save: bf16-mixed, compilation, channels last, for each family.

Run it from the project's folder with ``python -m benchmarks.training_options``. Every family is trained on a
share of the data that ship with its default settings, but for the precision, which is 32-true, and vae-gan's
parts, which are two VAEs of convolutions; then with one option more. All train in turn, several times. The
time is the mean of an epoch within one training, with logging, progress and checkpoints. Validation comes
behind the last epoch, and the first one isn't timed: what is compiled is compiled in it.
"""

import logging
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.comparison import Fit, summarize, time_in_turn
from benchmarks.epoch_clock import EpochClock
from benchmarks.shares import emoji, sequences
from nested_lightning import bootstrap, family_container, load_settings
from nested_lightning.app.errors import UserError
from nested_lightning.app.training.machine.compilation import check_cpp_compiler

OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "32-true": {},
    "bf16-mixed": {"precision": "bf16-mixed"},
    "compiled": {"use_compilation": True},
    "channels last": {"use_channels_last": True},
}
SCORES = {
    "multi-feature": "val_accuracy",
    "image-to-text": "val_loss",
    "variant": "val_macro_f1",
    "vae-gan": "val_reconstruction",
}
"""By which metric of validation one sees that all learn the same; which families there are."""

NUM_EPOCHS = {"multi-feature": 12, "image-to-text": 4, "variant": 4, "vae-gan": 4}
WITHOUT_CONVOLUTIONS = ("multi-feature", "variant")


def share_of_data(family: str, folder: Path) -> dict[str, Any]:
    """Return the settings of a share of the family's data, small enough for an epoch of a second or two."""
    if family == "image-to-text":
        return emoji(folder, 200)
    if family == "variant":
        return sequences(num_files=8, num_repeats=1)
    if family == "vae-gan":  # its default networks are of fully connected layers
        conv = {"kind": "conv"}
        two = {"grouping": {"kind": "even_odd"}}  # ten would be compiled for minutes
        return {"vae_gan": {"data": two, "vae": {"encoder": conv, "decoder": conv}, "discriminator": conv}}
    return {}


def fit(
    family: str, data: Mapping[str, Any], option: Mapping[str, Any], folder: Path, clock: EpochClock
) -> float:
    """Train a family with an option; return its score."""
    num_epochs = NUM_EPOCHS[family]
    trainer = {
        "max_epochs": num_epochs,
        "val_every_n_epochs": num_epochs,
        "accelerator": "cpu",
        "precision": "32-true",
        **option,
    }
    assignments = [{"run_dir": str(folder / "run"), "trainer": trainer}, data]
    settings = load_settings(model=family, assignments=assignments)
    run = family_container(bootstrap(settings)).training_run()
    run.trainer.callbacks.insert(0, clock)
    return float(run().validation_metrics[SCORES[family]])


def main(
    family: Annotated[str | None, typer.Option(help="One family; else all of them.")] = None,
    repeats: Annotated[int, typer.Option(help="Trainings with each option.")] = 5,
) -> None:
    """Print the seconds of an epoch with each option, and how often faster it is than without."""
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    warnings.simplefilter("ignore")
    table = Table("family", "option", "s an epoch", "times faster", "score")
    for name in SCORES if family is None else [family]:
        with TemporaryDirectory() as folder:
            programs = _programs(name, share_of_data(name, Path(folder)))
            seconds, scores = time_in_turn(programs, repeats=repeats)
        for option, values in seconds.items():
            ratios = [base / value for base, value in zip(seconds["32-true"], values, strict=True)]
            summaries = [summarize(each) for each in (values, ratios, scores[option])]
            table.add_row(name, option, *summaries[:2], f"{SCORES[name]} {summaries[2]}")
    Console(width=140).print(table)


def _programs(family: str, data: Mapping[str, Any]) -> dict[str, Fit]:
    return {
        name: _program(family, data, option) for name, option in OPTIONS.items() if _is_possible(family, name)
    }


def _program(
    family: str, data: Mapping[str, Any], option: Mapping[str, Any]
) -> Callable[[Path, EpochClock], float]:
    return lambda folder, clock: fit(family, data, option, folder, clock)


def _is_possible(family: str, option: str) -> bool:
    if option == "channels last":
        return family not in WITHOUT_CONVOLUTIONS
    if option == "compiled":
        try:
            check_cpp_compiler()
        except UserError as error:
            Console(stderr=True).print(str(error))
            return False
    return True


if __name__ == "__main__":
    typer.run(main)
