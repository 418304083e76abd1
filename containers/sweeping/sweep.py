"""A whole sweep, from settings or from its folder."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from nested_lightning.app.sweeping.results import SweepResult, TrialRecord
from nested_lightning.app.sweeping.space import SearchSpace
from nested_lightning.settings.application import ApplicationSettings


def run_sweep(
    *,
    settings: ApplicationSettings,
    space: SearchSpace,
    sweep: Any,
    folder: Path,
    resume: bool = False,
    own_model: str | None = None,
    reported: Callable[[TrialRecord], None] = lambda _trial: None,
) -> SweepResult:
    """Try settings until there are as many trials as are wanted, and test the winner.

    Args:
        settings: Of a training with the default settings; its seed is the sweep's.
        space: What is searched.
        sweep: How: ``trials``, ``jobs``, ``sampler``, ``pruner``, ``objectives``, ``keep``, ``folds``,
            ``max_failures``, ``engine``, ``storage``.
        folder: Of the sweep; for `resume`, one that holds one.
        resume: Whether to go on with what is in the folder.
        own_model: ``FILE.py:NAME`` of a family that no package registers.
        reported: Called with each trial that ends.

    Raises:
        UserError: The folder holds a sweep, or none to go on with, or of another question; its ``study.db`` can't
            be opened; another process is at it.
        TrainingInterruptedError: A signal ended it; `resume` goes on.
    """
    raise NotImplementedError
