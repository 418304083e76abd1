"""Rows a second of exported models in onnxruntime beside `predict` in torch, on one thread, and their start.

Run it from the project's folder with ``python -m benchmarks.exported``, after
``pip install -c constraints.txt -e '.[dev]'``. Each family's default model is trained for one epoch on the
data that ship, and exported; readers and decoders of both are the same, and their time is part of it.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pyarrow as pa
import torch
import typer
from PIL import Image
from pyarrow import csv
from rich.console import Console
from rich.table import Table

from benchmarks.row_speed import PROJECT, shipped_rows
from nested_lightning import bootstrap, family_container, from_checkpoint
from nested_lightning.app.exported.runtime import ExportedModel, open_exported
from nested_lightning.app.image_to_text.exported import ExportedImageToText
from nested_lightning.app.multi_feature.exported import ExportedMultiFeature
from nested_lightning.app.vae_gan.exported import ExportedVaeGan
from nested_lightning.app.variant.exported import ExportedVariant
from nested_lightning.containers.starting.exporting import export_graphs

NUM_ROWS = 512
FAMILIES = ("multi-feature", "image-to-text", "variant", "vae-gan")
BATCH_SIZE = 256

PREDICTORS: Mapping[str, Callable[..., Any]] = {
    "multi-feature": ExportedMultiFeature,
    "image-to-text": ExportedImageToText,
    "variant": ExportedVariant,
    "vae-gan": ExportedVaeGan,
}

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(PROJECT), "OMP_NUM_THREADS": "1"}


def main(
    repeats: Annotated[int, typer.Option(help="Rounds, in which both predict in turn.")] = 5,
    family: Annotated[list[str] | None, typer.Option(help="Only these.")] = None,
) -> None:
    """Print what each family's model answers a second, and how long a process takes that predicts."""
    torch.set_num_threads(1)
    table = Table(
        "family", "torch, rows/s", "onnxruntime, rows/s", "times", "min", "max", "start, s", "of torch's"
    )
    with tempfile.TemporaryDirectory() as folder:
        for name in family or FAMILIES:
            table.add_row(name, *measure(name, Path(folder), repeats))
    Console().print(table)


def measure(name: str, folder: Path, repeats: int) -> list[str]:
    """Return the cells of a family's row."""
    settings = {"model": name, "run_dir": str(folder / name), "trainer.max_epochs": 1}
    result = family_container(bootstrap(settings)).training_run()()
    checkpoint = result.best_checkpoint
    target = folder / f"{name}.onnx"
    export_graphs(from_checkpoint(checkpoint, device="cpu"), target)
    return compare(name, checkpoint, target, folder, repeats)


def compare(name: str, checkpoint: Path, target: Path, folder: Path, repeats: int) -> list[str]:
    """Return the cells of a checkpoint and its export."""
    application = from_checkpoint(checkpoint, device="cpu")
    ours = family_container(application).predictor()
    theirs: ExportedModel = open_exported(target, num_threads=1)
    exported = PREDICTORS[name](model=theirs, batch_size=BATCH_SIZE)
    ours.batch_size = BATCH_SIZE
    asks = [question(name, each) for each in (ours, exported)]
    rates = in_turn(asks, repeats)
    starts = in_turn([partial(start, file, name, folder) for file in (checkpoint, target)], repeats)
    times = [quick / slow for slow, quick in zip(*rates, strict=True)]
    shares = [quick / slow for slow, quick in zip(*starts, strict=True)]
    return [
        *(f"{NUM_ROWS * statistics.median(each):,.0f}" for each in rates),
        *(f"{summary(times):.2f}" for summary in (statistics.median, min, max)),
        f"{1 / statistics.median(starts[1]):.2f}",
        f"{1 / statistics.median(shares):.2f}",
    ]


def in_turn(asks: list[Callable[[], Any]], repeats: int) -> list[list[float]]:
    """Return how often a second each could be done, round by round; the first round isn't counted."""
    found: list[list[float]] = [[] for _ in asks]
    for round_ in range(repeats + 1):
        for rates, ask in zip(found, asks, strict=True):
            start_s = time.perf_counter()
            ask()
            if round_:
                rates.append(1 / (time.perf_counter() - start_s))
    return found


def question(name: str, predictor: Any) -> Callable[[], Any]:
    """Return what asks a predictor about `NUM_ROWS` rows."""
    draw = np.random.default_rng(0)
    if name == "multi-feature":
        rows = pa.Table.from_pylist(shipped_rows(NUM_ROWS))
        return lambda: predictor.predict_table(rows)
    if name == "image-to-text":
        size = predictor.data_spec.picture_size
        pictures = draw.integers(0, 256, (NUM_ROWS, 3, size, size), dtype=np.uint8)
        return lambda: predictor.predict(pictures)
    if name == "variant":
        text = Path(__file__).read_text(encoding="utf-8")
        starts = draw.integers(0, len(text) - 200, NUM_ROWS)
        texts = [text[start : start + 50 + start % 150] for start in starts.tolist()]
        return lambda: predictor.predict("text", texts)
    spec = predictor.data_spec
    drawn = draw.random((NUM_ROWS, spec.channels, spec.image_size, spec.image_size), dtype=np.float32)
    return lambda: predictor.rebuild(drawn)


def start(file: Path, name: str, folder: Path) -> None:
    """Run a process that predicts for little.

    Raises:
        CalledProcessError: It failed.
    """
    asks: dict[str, list[Any]] = {
        "multi-feature": [_written(folder / "rows.csv")],
        "image-to-text": [_written(folder / "picture.png")],
        "variant": ["--variant", "text", _written(folder / "text.py")],
        "vae-gan": ["--reconstruct", _written(folder / "picture.png")],
    }
    command = [
        sys.executable,
        "main.py",
        "predict",
        str(file),
        *map(str, asks[name]),
        "-o",
        str(folder / "out"),
    ]
    subprocess.run(command, cwd=PROJECT, env=ENVIRONMENT, check=True, capture_output=True)


def _written(file: Path) -> Path:
    if not file.exists() and file.suffix == ".png":
        Image.new("RGB", (32, 32), "green").save(file)
    elif not file.exists() and file.suffix == ".csv":
        csv.write_csv(pa.Table.from_pylist(shipped_rows(1)), file)
    elif not file.exists():
        file.write_text("x = 1  # one\n")
    return file


if __name__ == "__main__":
    typer.run(main)
