"""How far a training has come: plain numbers, and the words for them."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

_SMOOTHING = 0.3


@dataclass
class ProgressState:
    """How far a training has come.

    Attributes:
        monitor: Name of the metric that says which epoch is the best.
        mode: Whether its lowest ("min") or highest ("max") value is the best.
        num_epochs: Epochs in the whole training; None: not known.
        num_batches: Batches in the whole training; None: not known.
        first_batch: Batches that were done before this process began to train.
        first_step: Optimiser steps that were done before this process began to train.
        epoch: The running epoch, from 1.
        batch: Batches done since the start of the first epoch.
        step: Optimiser steps done since the start of the first epoch.
        elapsed_s: Seconds since this process began to train.
        train_loss: Running mean of the loss over about the last second.
        monitored: Newest value of the monitored metric.
        best: Best value of the monitored metric so far.
        best_epoch: The epoch that reached it, from 1.
        activity: What is done besides training steps, such as ``validating 3/40``.
        is_finished: Whether the training has ended.
    """

    monitor: str = "val_loss"
    mode: Literal["min", "max"] = "min"
    num_epochs: int | None = None
    num_batches: int | None = None
    first_batch: int = 0
    first_step: int = 0
    epoch: int = 1
    batch: int = 0
    step: int = 0
    elapsed_s: float = 0.0
    train_loss: float | None = None
    monitored: float | None = None
    best: float | None = None
    best_epoch: int = 0
    activity: str = ""
    is_finished: bool = False

    @property
    def fraction(self) -> float:
        """Part of the training that is done, in [0, 1]; 0 where the end is not known."""
        return min(1.0, self.batch / self.num_batches) if self.num_batches else 0.0

    @property
    def steps_per_s(self) -> float:
        """Optimiser steps a second since this process began to train, validation included."""
        return (self.step - self.first_step) / self.elapsed_s if self.elapsed_s > 0 else 0.0

    @property
    def seconds_left(self) -> float | None:
        """Seconds to the end at the mean speed so far; None where it isn't known."""
        batches_here = self.batch - self.first_batch
        if not self.num_batches or batches_here <= 0:
            return None
        return max(0, self.num_batches - self.batch) * self.elapsed_s / batches_here

    def observe_loss(self, loss: float) -> None:
        """Take the loss of a batch into the running mean."""
        if self.train_loss is None or not math.isfinite(self.train_loss):
            self.train_loss = loss
        self.train_loss += _SMOOTHING * (loss - self.train_loss)

    def observe_monitored(self, value: float) -> None:
        """Take a new value of the monitored metric; one that is no number is never the best."""
        self.monitored = value
        sign = 1.0 if self.mode == "min" else -1.0
        if not math.isnan(value) and (self.best is None or sign * value < sign * self.best):
            self.best, self.best_epoch = value, self.epoch

    def epoch_text(self) -> str:
        """Return ``epoch  3/40``."""
        if not self.num_epochs:
            return f"epoch {self.epoch}"
        return f"epoch {self.epoch:{len(str(self.num_epochs))}}/{self.num_epochs}"

    def speed_text(self) -> str:
        """Return ``312 steps/s``."""
        digits = 0 if self.steps_per_s >= 100 else 1
        return f"{self.steps_per_s:,.{digits}f} steps/s"

    def time_text(self) -> str:
        """Return ``0:01:12 left``, or how long it took or has taken, where no end is known."""
        if self.is_finished or self.seconds_left is None:
            return duration_text(self.elapsed_s)
        return f"{duration_text(self.seconds_left)} left"

    def metric_texts(self) -> Iterator[tuple[str, str]]:
        """Yield the names and values of the metrics that are known."""
        if self.train_loss is not None:
            yield "train_loss", f"{self.train_loss:.4f}"
        if self.monitored is not None and self.monitor != "train_loss":
            yield self.monitor, f"{self.monitored:.4f}"
        if self.best is not None:
            yield "best", f"{self.best:.4f} (epoch {self.best_epoch})"


def duration_text(seconds: float) -> str:
    """Return ``0:01:12``, whole seconds rounded up."""
    return str(timedelta(seconds=math.ceil(seconds)))
