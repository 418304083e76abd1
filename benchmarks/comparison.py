"""Trains programs in turn, several times, and says how long an epoch of each takes."""

import statistics
from collections.abc import Callable, Mapping
from pathlib import Path

from rich.console import Console

from benchmarks.epoch_clock import EpochClock, time_training

Fit = Callable[[Path, EpochClock], float]
"""Trains in a folder, with a clock among the callbacks, and returns a score."""


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
