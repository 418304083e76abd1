"""Whether an encoder that was trained elsewhere pays on few pictures: accuracy, epochs, seconds of an epoch.

Run it from the project's folder with ``python -m benchmarks.pretrained_pictures FOLDER``, where the folder
holds weights of timm's (``model.safetensors`` and ``config.json``). The pictures are emoji that ship with the
project, in folders by a word of their names. For each seed they are shared out to five folds, each of which
is the test part of one training, so that every picture is tested once. The frozen encoder with a head trains
a fifth of the epochs of the residual encoder that is the default; of an epoch with what it made kept, and
without, the medians are shown.
"""

import csv
import io
import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Annotated, Any
from zipfile import ZipFile

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.epoch_clock import EpochClock, time_training
from nested_lightning import bootstrap, family_container

EMOJI = Path(__file__).parents[1] / "app" / "data" / "shipped" / "emoji.zip"
WORDS = "face heart button arrow hand clock ball cat moon flag cloud star square car tree mountain"
NUM_FOLDS = 5
MOST = 40
"""Pictures of a word."""


def write_pictures(folder: Path, words: Sequence[str]) -> int:
    """Write pictures of each word's folder, without skin tones, that no other of the words is a name of.

    Returns:
        How many there are.
    """
    with ZipFile(EMOJI) as archive:
        (captions,) = (name for name in archive.namelist() if name.endswith(".csv"))
        rows = csv.DictReader(io.TextIOWrapper(archive.open(captions), encoding="utf-8"))
        counts = dict.fromkeys(words, 0)
        for row in rows:
            found = [word for word in words if word in row["caption"].split()]
            if row["tones"] == "0" and len(found) == 1 and counts[found[0]] < MOST:
                counts[found[0]] += 1
                target = folder / found[0] / PurePosixPath(row["image"]).name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(archive.read(row["image"]))
    return sum(counts.values())


def train(
    pictures: Path, *, seed: int, fold: int, num_epochs: int, size: int | None, **values: Any
) -> tuple[float, float]:
    """Return the accuracy on a fold's pictures, and the median seconds of an epoch."""

    def fit(folder: Path, clock: EpochClock) -> float:
        split = {"kind": "fold", "num_folds": NUM_FOLDS, "fold": fold, "seed": seed}
        settings: dict[str, Any] = {
            "model": "multi-feature",
            "seed": seed,
            "run_dir": str(folder / "run"),
            "multi_feature.data": {
                "path": str(pictures),
                "picture_size": size,
                "batch_size": 32,
                "split": split,
            },
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
    size: Annotated[int, typer.Option(help="Pixels to a side, for the pretrained encoder.")] = 160,
    num_seeds: int = 3,
    words: Annotated[str, typer.Option(help="Words of names, one for each class.")] = WORDS,
) -> None:
    """Print accuracies of all seeds, and medians of an epoch."""
    encoder = {"multi_feature.picture_extractor": {"kind": "timm_image", "weights": str(weights)}}
    policy = "multi_feature.feature_extractors.*.encoder"
    frozen = {**encoder, "submodules": {policy: {"freeze": True}}}
    kept = {**encoder, "submodules": {policy: {"freeze": True, "cache": True}}}
    every = [(seed, fold) for seed in range(num_seeds) for fold in range(NUM_FOLDS)]
    ways: dict[str, tuple[int, int | None, dict[str, Any], list[tuple[int, int]]]] = {
        "residual encoder": (num_epochs, None, {}, every),
        "frozen, kept": (num_epochs // 5, size, kept, every),
        "frozen": (3, size, frozen, [(0, 0)]),
    }
    table = Table("encoder", "epochs", "accuracy by seed", "s an epoch")
    with tempfile.TemporaryDirectory() as folder:
        num_pictures = write_pictures(Path(folder), words.split())
        for name, (epochs, side, values, parts) in ways.items():
            found = {
                (seed, fold): train(
                    Path(folder), seed=seed, fold=fold, num_epochs=epochs, size=side, **values
                )
                for seed, fold in parts
            }
            accuracies = [
                statistics.mean(found[part][0] for part in parts if part[0] == seed)
                for seed in dict.fromkeys(seed for seed, _ in parts)
            ]
            seconds = statistics.median(s for _, s in found.values())
            table.add_row(name, str(epochs), ", ".join(f"{one:.3f}" for one in accuracies), f"{seconds:.3f}")
    console = Console(width=100)
    console.print(f"{num_pictures} pictures of {len(words.split())} words")
    console.print(table)


if __name__ == "__main__":
    typer.run(main)
