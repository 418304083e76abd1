"""Cost of a training epoch: this project, the model as commonly written, and a hand-written loop.

Run it from the project's folder with ``python -m benchmarks.training_speed``. All three train the plain model
on the digits that ship, on one CPU thread, in turn, several times. An epoch's time is the median within one
training, with validation, logging, progress and checkpoints; it is divided by the steps of the epoch.
"""

import contextlib
import io
import logging
import statistics
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path

import torch
import torch.nn.functional as F
import typer
from rich.console import Console
from rich.table import Table

from app.data.feature_batch import FeatureBatch
from benchmarks.commonly_written import CommonClassifier, fit_commonly
from benchmarks.epoch_clock import EpochClock
from containers import bootstrap, family_container
from settings import load_settings

NUM_CLASSES = 10
Fit = Callable[[Path, EpochClock], None]


def fit_through_container(*, batch_size: int, num_epochs: int, folder: Path, clock: EpochClock) -> None:
    """Train the same model through the container, as ``train --preset plain`` does."""
    settings = load_settings(
        model="multi-feature",
        presets=["plain"],
        assignments=[
            {"run_dir": str(folder), "trainer": {"max_epochs": num_epochs, "accelerator": "cpu"}},
            {"multi_feature": {"data": {"batch_size": batch_size}}},
        ],
    )
    run = family_container(bootstrap(settings)).training_run()
    run.trainer.callbacks.insert(0, clock)
    run()


def fit_by_hand(
    train: FeatureBatch, val: FeatureBatch, *, batch_size: int, num_epochs: int, clock: EpochClock
) -> None:
    """Train in a loop on tensors in memory, with torch's default Adam; no logging, no checkpoints."""
    features = [tensor for tensor in train.features.values() if tensor is not None]
    model = CommonClassifier([x.shape[1] for x in features], NUM_CLASSES)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    assert train.target is not None
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
            model([tensor for tensor in val.features.values() if tensor is not None])


def main(num_steps: int = 400, repeats: int = 5) -> None:
    """Print the cost of a step at batch 32 and at batch 1,024, and the ratios."""
    torch.set_num_threads(1)
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    warnings.simplefilter("ignore")
    datamodule = family_container(bootstrap({"model": "multi-feature"})).datamodule()
    train, val = datamodule.part("train"), datamodule.part("val")
    table = Table("batch", "program", "ms a step", "min", "max", "times faster", "min", "max")
    for batch_size in (32, 1024):
        costs = _measure(train, val, batch_size=batch_size, num_steps=num_steps, repeats=repeats)
        for name, values in costs.items():
            ratios = [common / value for common, value in zip(costs["commonly written"], values, strict=True)]
            cells = [f"{summary(values):.2f}" for summary in (statistics.median, min, max)]
            cells += [f"{summary(ratios):.1f}" for summary in (statistics.median, min, max)]
            table.add_row(str(batch_size), name, *cells)
    Console().print(table)


def _measure(
    train: FeatureBatch, val: FeatureBatch, *, batch_size: int, num_steps: int, repeats: int
) -> dict[str, list[float]]:
    steps_per_epoch = len(train) // batch_size
    num_epochs = max(5, min(40, num_steps // steps_per_epoch))
    sizes = {"batch_size": batch_size, "num_epochs": num_epochs}
    programs: dict[str, Fit] = {
        "commonly written": lambda folder, clock: fit_commonly(
            train, val, num_classes=NUM_CLASSES, folder=folder, callback=clock, **sizes
        ),
        "this project": lambda folder, clock: fit_through_container(
            folder=folder / "run", clock=clock, **sizes
        ),
        "by hand": lambda _, clock: fit_by_hand(train, val, clock=clock, **sizes),
    }
    costs: dict[str, list[float]] = {name: [] for name in programs}
    for _ in range(repeats):
        for name, fit in programs.items():
            costs[name].append(_time_epoch(fit) * 1000 / steps_per_epoch)
    return costs


def _time_epoch(fit: Fit) -> float:
    silence = io.StringIO()
    clock = EpochClock()
    with (
        tempfile.TemporaryDirectory() as folder,
        contextlib.redirect_stderr(silence),
        contextlib.redirect_stdout(silence),
    ):
        fit(Path(folder), clock)
    return clock.median_epoch_s


if __name__ == "__main__":
    typer.run(main)
