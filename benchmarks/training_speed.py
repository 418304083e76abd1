"""Cost of a training step: this project, the model as commonly written, and hand-written loops.

Run it from the project's folder with ``python -m benchmarks.training_speed``. All of them train the plain
model on the same rows, in turn, several times. The loops take as many threads as this project does by its
default (``trainer.num_threads=auto``); the program as commonly written leaves the number to torch. An epoch's
time is the median within one training, with validation, and for all but the loops with logging, progress and
checkpoints; it is divided by the steps of the epoch. At batch 1,024 the digits that ship make one step to an
epoch; the same digits sixteen times make more, as data do for which one chooses such a batch.
"""

import logging
import statistics
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import torch
import torch.nn.functional as F
import typer
from rich.console import Console
from rich.table import Table

from benchmarks.commonly_written import NUM_CLASSES, CommonClassifier, fit_commonly
from benchmarks.epoch_clock import EpochClock, time_training
from nested_lightning import bootstrap, family_container, load_settings
from nested_lightning.app.multi_feature.batch import FeatureBatch
from nested_lightning.app.tables.table_file import read_shipped_table
from nested_lightning.app.training.machine.threads import count_threads, torch_threads

CASES = ((32, 1), (1024, 1), (1024, 16))
"""Batch size, and how many times the digits are repeated."""

Fit = Callable[[Path, EpochClock], float]
"""Trains, and returns the accuracy on the validation part."""


def fit_through_container(
    data: Path, *, batch_size: int, num_epochs: int, folder: Path, clock: EpochClock
) -> float:
    """Train the same model through the container, as ``train --preset plain`` does."""
    settings = load_settings(
        model="multi-feature",
        presets=["plain"],
        assignments=[
            {"run_dir": str(folder), "trainer": {"max_epochs": num_epochs, "accelerator": "cpu"}},
            {"multi_feature": {"data": {"batch_size": batch_size, "path": str(data), "label": "digit"}}},
        ],
    )
    run = family_container(bootstrap(settings)).training_run()
    run.trainer.callbacks.insert(0, clock)
    return float(run().validation_metrics["val_accuracy"])


def fit_by_hand(
    train: FeatureBatch,
    val: FeatureBatch,
    *,
    batch_size: int,
    num_epochs: int,
    clock: EpochClock,
    is_fused: bool,
) -> float:
    """Train in a loop on tensors in memory; no logging, no checkpoints."""
    features = [tensor for tensor in train.features.values() if tensor is not None]
    model = CommonClassifier([x.shape[1] for x in features], NUM_CLASSES)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=is_fused or None)
    assert train.target is not None
    assert val.target is not None
    accuracy = 0.0
    for _ in range(num_epochs):
        clock.tick()
        order = torch.randperm(len(train))
        for start in range(0, len(train) - batch_size + 1, batch_size):
            index = order[start : start + batch_size]
            loss = F.cross_entropy(model([x[index] for x in features]), train.target[index])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        with torch.no_grad():
            logits = model([tensor for tensor in val.features.values() if tensor is not None])
            accuracy = float((logits.argmax(dim=1) == val.target).float().mean())
    return accuracy


def fit_by_hand_alike(train: FeatureBatch, val: FeatureBatch, *, batch_size: int, **options: Any) -> float:
    """Train by hand with as many threads as this project chooses for the same size."""
    widths = [tensor.shape[1] for tensor in train.features.values() if tensor is not None]
    model = CommonClassifier(widths, NUM_CLASSES)
    with torch_threads(count_threads("auto", model, batch_size=batch_size)):
        return fit_by_hand(train, val, batch_size=batch_size, **options)


def main(num_steps: int = 400, repeats: int = 5, batch: int | None = None, copies: int | None = None) -> None:
    """Print the cost of a step for each batch size, and the ratios to each of the other programs."""
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    warnings.simplefilter("ignore")
    table = Table("batch", "rows", "program", "ms a step", "ours / theirs", "least", "most", "accuracy")
    for batch_size, num_copies in CASES:
        if batch not in (None, batch_size) or copies not in (None, num_copies):
            continue
        with tempfile.TemporaryDirectory() as folder:
            data = Path(folder) / "digits.parquet"
            pq.write_table(pa.concat_tables([read_shipped_table()] * num_copies), data)
            rows, costs, accuracies = _measure(data, batch_size, num_steps=num_steps, repeats=repeats)
        for name, values in costs.items():
            ratios = [ours / value for ours, value in zip(costs["this project"], values, strict=True)]
            cells = [f"{statistics.median(values):.2f}"]
            cells += [f"{summary(ratios):.2f}" for summary in (statistics.median, min, max)]
            table.add_row(
                str(batch_size), str(rows), name, *cells, f"{statistics.median(accuracies[name]):.3f}"
            )
    Console(width=110).print(table)


def _measure(
    data: Path, batch_size: int, *, num_steps: int, repeats: int
) -> tuple[int, dict[str, list[float]], dict[str, list[float]]]:
    values = {"data": {"path": str(data), "label": "digit"}}
    datamodule = family_container(bootstrap({"model": "multi-feature", "multi_feature": values})).datamodule()
    train, val = datamodule.part("train"), datamodule.part("val")
    steps_per_epoch = len(train) // batch_size
    num_epochs = max(5, min(40, num_steps // steps_per_epoch))
    sizes = {"batch_size": batch_size, "num_epochs": num_epochs}
    programs: dict[str, Fit] = {
        "commonly written": lambda folder, clock: fit_commonly(
            datamodule,
            {"max_epochs": num_epochs, "default_root_dir": folder, "callbacks": [clock]},
            batch_size=batch_size,
        ),
        "this project": lambda folder, clock: fit_through_container(
            data, folder=folder / "run", clock=clock, **sizes
        ),
        "loop, Adam": lambda _, clock: fit_by_hand_alike(train, val, clock=clock, is_fused=False, **sizes),
        "loop, fused Adam": lambda _, clock: fit_by_hand_alike(
            train, val, clock=clock, is_fused=True, **sizes
        ),
    }
    costs: dict[str, list[float]] = {name: [] for name in programs}
    accuracies: dict[str, list[float]] = {name: [] for name in programs}
    for _ in range(repeats):
        for name, fit in programs.items():
            clock, accuracy = time_training(fit)
            costs[name].append(clock.median_epoch_s * 1000 / steps_per_epoch)
            accuracies[name].append(accuracy)
        newest = "  ".join(f"{name} {values[-1]:.2f}" for name, values in costs.items())
        Console(stderr=True, soft_wrap=True).print(f"batch {batch_size}, {len(train)} rows: {newest}")
    return len(train), costs, accuracies


if __name__ == "__main__":
    typer.run(main)
