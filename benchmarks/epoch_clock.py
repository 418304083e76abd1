"""Times the epochs of a training from outside, the same way for every program."""

import contextlib
import io
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

import pytorch_lightning as pl
import torch
from rich.console import Console

WARM_UP_EPOCHS = 1
T = TypeVar("T")


class EpochClock(pl.Callback):
    """Notes when each training epoch starts; an epoch lasts until the next one starts.

    So validation, logging, progress and checkpoints count.
    """

    def __init__(self) -> None:
        self.starts_s: list[float] = []

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Note the time."""
        self.tick()

    def tick(self) -> None:
        """Note the time, once an accelerator has done what it was given."""
        if torch.accelerator.is_available():
            torch.accelerator.synchronize()
        self.starts_s.append(time.perf_counter())

    @property
    def median_epoch_s(self) -> float:
        """Median duration of an epoch in seconds, warm-up and last one left out."""
        starts = self.starts_s[WARM_UP_EPOCHS:]
        return statistics.median(b - a for a, b in pairwise(starts))

    @property
    def mean_epoch_s(self) -> float:
        """Mean duration of an epoch in seconds, likewise: where some epochs do more than others."""
        starts = self.starts_s[WARM_UP_EPOCHS:]
        return (starts[-1] - starts[0]) / (len(starts) - 1)


Fit = Callable[[Path, EpochClock], float]
"""Trains in a folder, with a clock among the callbacks, and returns a score."""


def time_training(fit: Callable[[Path, EpochClock], T]) -> tuple[EpochClock, T]:
    """Call ``fit`` with a folder that is removed behind it, and return its clock and what it gave.

    What it prints is thrown away, once it has cost what printing costs.
    """
    clock = EpochClock()
    silence = io.StringIO()
    with (
        tempfile.TemporaryDirectory() as folder,
        contextlib.redirect_stderr(silence),
        contextlib.redirect_stdout(silence),
    ):
        given = fit(Path(folder), clock)
    return clock, given


def time_in_turn(
    programs: Mapping[str, Fit], *, repeats: int
) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """Return seconds of an epoch and scores of each program's trainings; rounds are told on standard error.

    Args:
        programs: By name.
        repeats: Trainings of each program.
    """
    seconds: dict[str, list[float]] = {name: [] for name in programs}
    scores: dict[str, list[float]] = {name: [] for name in programs}
    for _ in range(repeats):
        for name, fit in programs.items():
            clock, reached = time_training(fit)
            seconds[name].append(clock.mean_epoch_s)
            scores[name].append(reached)
        newest = "  ".join(f"{name} {values[-1]:.3f}" for name, values in seconds.items())
        Console(stderr=True, soft_wrap=True).print(f"s an epoch: {newest}")
    return seconds, scores


def summarize(values: list[float]) -> str:
    """Return the median with the least and the most."""
    return f"{statistics.median(values):.3f} ({min(values):.3f} to {max(values):.3f})"
