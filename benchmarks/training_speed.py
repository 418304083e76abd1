"""Cost of a training step: this project, the model as commonly written, and a hand-written loop.

Run it from the project's folder with ``python -m benchmarks.training_speed``. All three train the plain model
on the digits that ship, on one CPU thread, in turn, several times; what is compared is the whole of the
training, with validation, logging, progress and checkpoints, divided by its steps.
"""

import contextlib
import io
import logging
import statistics
import tempfile
import time
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
from containers import bootstrap, family_container

NUM_CLASSES = 10


def fit_through_container(*, batch_size: int, num_epochs: int, folder: Path) -> None:
    """Train the same model through the container, as ``train --preset plain`` does."""
    application = bootstrap(
        {
            "model": "multi-feature",
            "run_dir": str(folder),
            "trainer": {"max_epochs": num_epochs, "num_threads": 1, "accelerator": "cpu"},
            "multi_feature": {
                "data": {"batch_size": batch_size},
                "feature_extractor": {"kind": "plain"},
                "head": {"kind": "linear"},
                "schedule": {"kind": "constant"},
            },
        }
    )
    family_container(application).training_run()()


def fit_by_hand(train: FeatureBatch, val: FeatureBatch, *, batch_size: int, num_epochs: int) -> None:
    """Train in a loop on tensors in memory, with torch's default Adam."""
    features = [tensor for tensor in train.features.values() if tensor is not None]
    model = CommonClassifier([x.shape[1] for x in features], NUM_CLASSES)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    assert train.target is not None
    batch_size = min(batch_size, len(train))
    for _ in range(num_epochs):
        order = torch.randperm(len(train))
        for start in range(0, len(train) - batch_size + 1, batch_size):
            index = order[start : start + batch_size]
            loss = F.cross_entropy(model([x[index] for x in features]), train.target[index])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        with torch.no_grad():
            model([tensor for tensor in val.features.values() if tensor is not None])


def main(num_steps: int = 600, repeats: int = 5) -> None:
    """Print the cost of a step at batch 32 and at batch 1,024, and the ratios."""
    torch.set_num_threads(1)
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    warnings.simplefilter("ignore")
    datamodule = family_container(bootstrap({"model": "multi-feature"})).datamodule()
    train, val = datamodule.part("train"), datamodule.part("val")
    table = Table("batch", "program", "ms a step", "min", "max", "times faster than commonly written")
    for batch_size in (32, 1024):
        costs = _measure(train, val, batch_size=batch_size, num_steps=num_steps, repeats=repeats)
        for name, values in costs.items():
            ratios = [common / value for common, value in zip(costs["commonly written"], values, strict=True)]
            cells = [f"{f(values):.2f}" for f in (statistics.median, min, max)]
            table.add_row(str(batch_size), name, *cells, f"{statistics.median(ratios):.1f}")
    Console().print(table)


def _measure(
    train: FeatureBatch, val: FeatureBatch, *, batch_size: int, num_steps: int, repeats: int
) -> dict[str, list[float]]:
    steps_per_epoch = max(1, len(train) // batch_size)
    num_epochs = max(2, num_steps // steps_per_epoch)
    programs: dict[str, Callable[[Path], None]] = {
        "commonly written": lambda folder: fit_commonly(
            train,
            val,
            num_classes=NUM_CLASSES,
            batch_size=batch_size,
            num_epochs=num_epochs,
            folder=folder,
        ),
        "this project": lambda folder: fit_through_container(
            batch_size=batch_size, num_epochs=num_epochs, folder=folder / "run"
        ),
        "by hand": lambda _: fit_by_hand(train, val, batch_size=batch_size, num_epochs=num_epochs),
    }
    costs: dict[str, list[float]] = {name: [] for name in programs}
    for _ in range(repeats):
        for name, fit in programs.items():
            costs[name].append(_time(fit) * 1000 / (num_epochs * steps_per_epoch))
    return costs


def _time(fit: Callable[[Path], None]) -> float:
    silence = io.StringIO()
    with (
        tempfile.TemporaryDirectory() as folder,
        contextlib.redirect_stderr(silence),
        contextlib.redirect_stdout(silence),
    ):
        start = time.perf_counter()
        fit(Path(folder))
        return time.perf_counter() - start


if __name__ == "__main__":
    typer.run(main)
