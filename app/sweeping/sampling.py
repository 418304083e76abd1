"""What a trial tries: drawn by a sampler that is made for it alone, so that a kill changes nothing."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal

import numpy as np
import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.samplers import BaseSampler, CmaEsSampler, GridSampler, RandomSampler, TPESampler
from optuna.trial import FrozenTrial, Trial, TrialState, create_trial

from nested_lightning.app.errors import UserError
from nested_lightning.app.sweeping.space import SearchSpace, is_asked

Direction = Literal["minimize", "maximize"]

_TRIES = 20
"""Draws of a point that hasn't been tried; a small space may have no more."""


def _tpe(_space: SearchSpace, seed: int) -> BaseSampler:
    return TPESampler(seed=seed, multivariate=True, group=True, constant_liar=True)


def _random(_space: SearchSpace, seed: int) -> BaseSampler:
    return RandomSampler(seed=seed)


def _grid(space: SearchSpace, seed: int) -> BaseSampler:
    return GridSampler({one.path: _points(one.path, one.distribution) for one in space.parameters}, seed=seed)


def _cma_es(_space: SearchSpace, seed: int) -> BaseSampler:
    others = RandomSampler(seed=seed)
    return CmaEsSampler(seed=seed, independent_sampler=others, warn_independent_sampling=False)


SAMPLERS: Mapping[str, Callable[[SearchSpace, int], BaseSampler]] = {
    "tpe": _tpe,
    "random": _random,
    "grid": _grid,
    "cma-es": _cma_es,
}


def _points(path: str, distribution: BaseDistribution) -> Sequence[Any]:
    if isinstance(distribution, CategoricalDistribution):
        return distribution.choices
    if isinstance(distribution, IntDistribution):
        return range(distribution.low, distribution.high + 1, distribution.step)
    if isinstance(distribution, FloatDistribution) and distribution.step is not None:
        count = round((distribution.high - distribution.low) / distribution.step) + 1
        return [distribution.low + distribution.step * index for index in range(count)]
    raise UserError(f"--search {path}: a grid needs single values, or a step: name them, or another sampler")


def draw(
    sampler: str,
    space: SearchSpace,
    *,
    seed: int,
    directions: Sequence[Direction],
    trials: Sequence[FrozenTrial],
    attributes: Mapping[str, Any],
) -> FrozenTrial | None:
    """Return the next trial, which runs, with all that it tries; None: a grid has no more points.

    It is drawn in a copy of the study, so that the study never has one that is half drawn, and by a new
    sampler, seeded by the number of the trial. So a sweep that was killed goes on as if it hadn't been.

    The first one is the defaults; of those that lie outside of what is searched, another value is drawn.

    Args:
        sampler: One of `SAMPLERS`.
        space: What is searched.
        seed: Of the sweep.
        directions: ``minimize`` or ``maximize``, for each objective.
        trials: All trials before it.
        attributes: Kept with it, besides what it tries.
    """
    tried = [trial.params for trial in trials]
    fixed = {} if trials else space.defaults()
    for trial in _asked(sampler, space, seed=seed, directions=directions, trials=trials):
        values = _drawn(trial, space, fixed)
        if values not in tried:
            break
    else:
        if sampler == "grid":
            return None
    return create_trial(
        state=TrialState.RUNNING,
        params=values,
        distributions={one.path: one.distribution for one in space.parameters if one.path in values},
        system_attrs=trial.study.get_trials(deepcopy=False)[-1].system_attrs,
        user_attrs=dict(attributes),
    )


def _asked(
    sampler: str,
    space: SearchSpace,
    *,
    seed: int,
    directions: Sequence[Direction],
    trials: Sequence[FrozenTrial],
) -> Iterator[Trial]:
    """Yield what can be drawn from, until it gives something new; of a grid each point once."""
    if sampler == "grid":  # always in the same order, so that what was tried says where it is
        copy = optuna.create_study(directions=list(directions), sampler=_grid(space, seed))
        num_points = math.prod(len(_points(one.path, one.distribution)) for one in space.parameters)
        yield from (copy.ask() for _ in range(num_points))
        return
    for attempt in range(_TRIES):
        own_seed = int(np.random.SeedSequence([seed, len(trials), attempt]).generate_state(1)[0])
        copy = optuna.create_study(directions=list(directions), sampler=SAMPLERS[sampler](space, own_seed))
        copy.add_trials(trials)
        yield copy.ask()


def _drawn(trial: Trial, space: SearchSpace, fixed: Mapping[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for one in space.parameters:
        if is_asked(one, values):
            is_fixed = one.path in fixed and holds(one.distribution, fixed[one.path])
            values[one.path] = fixed[one.path] if is_fixed else _suggested(trial, one.path, one.distribution)
    return values


def holds(distribution: BaseDistribution, value: Any) -> bool:
    """Return whether a value is among those of a distribution."""
    if isinstance(distribution, CategoricalDistribution):
        return value in distribution.choices
    if isinstance(distribution, IntDistribution):
        return value in range(distribution.low, distribution.high + 1, distribution.step)
    assert isinstance(distribution, FloatDistribution)
    if not isinstance(value, int | float) or not distribution.low <= value <= distribution.high:
        return False
    steps = (value - distribution.low) / (distribution.step or 1.0)
    return distribution.step is None or math.isclose(steps, round(steps), abs_tol=1e-8)


def _suggested(trial: Trial, path: str, distribution: BaseDistribution) -> Any:
    if isinstance(distribution, CategoricalDistribution):
        return trial.suggest_categorical(path, distribution.choices)
    if isinstance(distribution, IntDistribution):
        return trial.suggest_int(
            path, distribution.low, distribution.high, step=distribution.step, log=distribution.log
        )
    assert isinstance(distribution, FloatDistribution)
    return trial.suggest_float(
        path, distribution.low, distribution.high, step=distribution.step, log=distribution.log
    )
