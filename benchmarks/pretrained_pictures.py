"""Whether an encoder that was trained elsewhere pays on few pictures: accuracy, epochs, seconds of an epoch.

Run it from the project's folder with ``python -m benchmarks.pretrained_pictures FOLDER``, where the folder
holds weights of timm's (``model.safetensors`` and ``config.json``). The pictures are emoji that ship with the
project, in folders by a word of their names. The frozen encoder with a head trains a fifth of the epochs of
the residual encoder that is the default; of an epoch with what it made kept, and without, the medians are
shown.
"""

import csv
import io
import statistics
import tempfile
from pathlib import Path, PurePosixPath
from typing import Annotated, Any
from zipfile import ZipFile

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.epoch_clock import EpochClock, time_training
from nested_lightning import bootstrap, family_container

EMOJI = Path(__file__).parents[1] / "app" / "data" / "shipped" / "emoji.zip"
WORDS = ("face", "heart", "button", "arrow", "hand", "clock", "mountain", "ball", "cat", "train")
MOST = 40
"""Pictures of a word."""


def write_pictures(folder: Path) -> None:
    """Write pictures of each word's folder, without skin tones, that no other of the words is a name of."""
    with ZipFile(EMOJI) as archive:
        (captions,) = (name for name in archive.namelist() if name.endswith(".csv"))
        rows = csv.DictReader(io.TextIOWrapper(archive.open(captions), encoding="utf-8"))
        counts = dict.fromkeys(WORDS, 0)
        for row in rows:
            found = [word for word in WORDS if word in row["caption"].split()]
            if row["tones"] == "0" and len(found) == 1 and counts[found[0]] < MOST:
                counts[found[0]] += 1
                target = folder / found[0] / PurePosixPath(row["image"]).name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(archive.read(row["image"]))


def train(
    pictures: Path, *, seed: int, num_epochs: int, size: int | None, **values: Any
) -> tuple[float, float]:
    """Return the accuracy on the test part, and the median seconds of an epoch."""

    def fit(folder: Path, clock: EpochClock) -> float:
        settings: dict[str, Any] = {
            "model": "multi-feature",
            "seed": seed,
            "run_dir": str(folder / "run"),
            "multi_feature.data": {"path": str(pictures), "picture_size": size, "batch_size": 32},
            "trainer": {"max_epochs": num_epochs, "use_progress_bar": False, "accelerator": "cpu"},
            **values,
        }
        run = family_container(bootstrap(settings)).training_run()
        run.trainer.callbacks.insert(0, clock)
        return float(run().test_metrics["test_accuracy"])

    clock, accuracy = time_training(fit)
    return accuracy, clock.median_epoch_s


def main(
    weights: Annotated[Path, typer.Argument(help="Folder with weights of timm's.")],
    num_epochs: Annotated[int, typer.Option(help="Of the residual encoder.")] = 40,
    size: Annotated[int, typer.Option(help="Pixels to a side, for the pretrained encoder.")] = 96,
    num_seeds: int = 3,
) -> None:
    """Print accuracies of all seeds, and medians of an epoch."""
    encoder = {"multi_feature.picture_extractor": {"kind": "timm_image", "weights": str(weights)}}
    policy = "multi_feature.feature_extractors.*.encoder"
    frozen = {**encoder, "submodules": {policy: {"freeze": True}}}
    kept = {**encoder, "submodules": {policy: {"freeze": True, "cache": True}}}
    ways: dict[str, tuple[int, int | None, dict[str, Any]]] = {
        "residual encoder": (num_epochs, None, {}),
        "frozen, kept": (num_epochs // 5, size, kept),
        "frozen": (3, size, frozen),
    }
    table = Table("encoder", "epochs", "test accuracy by seed", "s an epoch")
    with tempfile.TemporaryDirectory() as folder:
        write_pictures(Path(folder))
        for name, (epochs, side, values) in ways.items():
            seeds = range(1 if name == "frozen" else num_seeds)
            found = [train(Path(folder), seed=seed, num_epochs=epochs, size=side, **values) for seed in seeds]
            accuracies = ", ".join(f"{accuracy:.3f}" for accuracy, _ in found)
            table.add_row(name, str(epochs), accuracies, f"{statistics.median(s for _, s in found):.3f}")
    Console(width=100).print(table)


if __name__ == "__main__":
    typer.run(main)
