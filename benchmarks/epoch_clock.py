"""Times the epochs of a training from outside, the same way for every program."""

import statistics
import time
from itertools import pairwise

import pytorch_lightning as pl

WARM_UP_EPOCHS = 1


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
        """Note the time."""
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
