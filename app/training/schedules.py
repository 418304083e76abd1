"""The learning rate over the training: functions of the optimiser and the number of its steps.

Every schedule is stepped once after each step of the optimiser (Lightning's ``interval="step"``). A factor is
always a multiple of the learning rate that a parameter group of the optimiser was given. With more steps than
foretold the rate stays at its last value, and a training that is resumed with another length follows the new
length.
"""

import math
from functools import partial

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR

from nested_lightning.app.errors import UserError


def build_constant(optimizer: Optimizer, total_steps: int) -> None:
    """Leave the learning rate as it is."""


def build_cosine(
    optimizer: Optimizer, total_steps: int, *, warmup_fraction: float = 0.05, final_factor: float = 0.0
) -> LambdaLR:
    """Rise on a line to the optimiser's rate, then fall on a cosine (https://arxiv.org/abs/1608.03983).

    Args:
        optimizer: Its learning rate is the highest.
        total_steps: Number of the optimiser's steps, at least 1.
        warmup_fraction: Part of the steps that the rise takes, in [0, 1); 0: no rise.
        final_factor: Factor of the last step, in [0, 1].

    Raises:
        UserError: The training has no step.
    """
    _check_length(total_steps)
    peak_step = warmup_fraction * total_steps - 1
    curve = partial(_cosine, peak_step=peak_step, last_step=total_steps - 1, final=final_factor)
    return LambdaLR(optimizer, curve)


def build_one_cycle(
    optimizer: Optimizer,
    total_steps: int,
    *,
    peak_factor: float = 10.0,
    warmup_fraction: float = 0.3,
    initial_factor: float = 0.4,
    final_factor: float = 0.0,
) -> LambdaLR:
    """Rise on a cosine to a peak, then fall on another: one cycle, with the momentum left as it is.

    Smith and Topin, https://arxiv.org/abs/1708.07120, in two phases as torch's ``OneCycleLR`` has them.

    Args:
        optimizer: The factors multiply its learning rate.
        total_steps: Number of the optimiser's steps, at least 1.
        peak_factor: Factor of the highest rate, above 0.
        warmup_fraction: Part of the steps that the rise takes, in [0, 1); 0: no rise.
        initial_factor: Factor of the first step, at least 0.
        final_factor: Factor of the last step, at least 0.

    Raises:
        UserError: The training has no step.
    """
    _check_length(total_steps)
    peak_step = warmup_fraction * total_steps - 1
    curve = partial(
        _one_cycle,
        peak_step=peak_step,
        last_step=total_steps - 1,
        initial=initial_factor,
        peak=peak_factor,
        final=final_factor,
    )
    return LambdaLR(optimizer, curve)


def _cosine(step: int, *, peak_step: float, last_step: int, final: float) -> float:
    if step < peak_step:
        return (step + 1) / (peak_step + 1)
    return _between(1.0, final, _progress(step, peak_step, last_step))


def _one_cycle(
    step: int, *, peak_step: float, last_step: int, initial: float, peak: float, final: float
) -> float:
    if step < peak_step:
        return _between(initial, peak, step / peak_step)
    return _between(peak, final, _progress(step, peak_step, last_step))


def _progress(step: int, peak_step: float, last_step: int) -> float:
    start = max(peak_step, 0.0)
    return min(1.0, (step - start) / (last_step - start)) if last_step > start else 0.0


def _between(start: float, end: float, progress: float) -> float:
    return end + (start - end) * (1.0 + math.cos(math.pi * progress)) / 2.0


def _check_length(total_steps: int) -> None:
    if total_steps < 1:
        raise UserError(f"a schedule needs a training of at least 1 optimiser step, not {total_steps}")
