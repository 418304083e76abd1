"""Trains programs in turn, several times, and compares how long an epoch of each takes."""

import statistics
from collections.abc import Callable, Mapping
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.epoch_clock import EpochClock, time_training

Fit = Callable[[Path, EpochClock], float]
"""Trains in a folder, with a clock among the callbacks, and returns a score."""


def compare(programs: Mapping[str, Fit], *, repeats: int, score: str) -> Table:
    """Return a table of medians with the least and the most; each round is told on standard error.

    Args:
        programs: By name; the first is what the others are compared with.
        repeats: Trainings of each program.
        score: What the programs return.
    """
    seconds, scores = time_in_turn(programs, repeats=repeats)
    first, *_ = seconds.values()
    table = Table("program", "s an epoch", "times faster", score)
    for name, values in seconds.items():
        ratios = [other / own for other, own in zip(first, values, strict=True)]
        table.add_row(name, summarize(values), summarize(ratios), summarize(scores[name]))
    return table


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
