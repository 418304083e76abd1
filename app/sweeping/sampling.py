"""What a trial tries: drawn by a sampler that is made for it alone, so that a kill changes nothing."""

import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain, product
from typing import Any, Literal

import numpy as np
import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.samplers import BaseSampler, CmaEsSampler, RandomSampler, TPESampler
from optuna.trial import FrozenTrial, TrialState, create_trial

from nested_lightning.app.errors import UserError
from nested_lightning.app.sweeping.space import SearchSpace, is_asked

Direction = Literal["minimize", "maximize"]

GRID = "grid"
"""The sampler that takes each point there is, in an order drawn once."""
_TRIES = 20
"""Draws of a point that hasn't been tried; then a small space is looked through."""
_MOST_POINTS = 100_000


def _cma_es(seed: int) -> BaseSampler:
    others = RandomSampler(seed=seed)
    return CmaEsSampler(seed=seed, independent_sampler=others, warn_independent_sampling=False)


_SAMPLERS: Mapping[str, Callable[[int], BaseSampler]] = {
    "tpe": lambda seed: TPESampler(seed=seed, multivariate=True, group=True, constant_liar=True),
    "random": RandomSampler,
    "cma-es": _cma_es,
}


def refuse_grid(space: SearchSpace) -> None:
    """Refuse a space of which there can't be a grid.

    Raises:
        UserError: A range has no steps, or there are too many points.
    """
    for one in space.parameters:
        if not _num_points(one.distribution):
            raise UserError(
                f"--search {one.path}: a grid needs single values, or a step: name them, or another sampler"
            )
    if (count := num_points(space)) > _MOST_POINTS:
        raise UserError(
            f"--sampler grid: {count} points are too many (at most {_MOST_POINTS}): search fewer values, or"
            " take another sampler"
        )


def draw(
    sampler: str,
    space: SearchSpace,
    *,
    seed: int,
    directions: Sequence[Direction],
    trials: Sequence[FrozenTrial],
    attributes: Mapping[str, Any],
) -> FrozenTrial | None:
    """Return the next trial, which runs, with all that it tries; None: all that there is was tried.

    It is drawn in a copy of the study, so that the study never has one that is half drawn, and by a new
    sampler, seeded by the number of the trial. So a sweep that was killed goes on as if it hadn't been.

    The first one is the defaults; of those that lie outside of what is searched, another value is drawn.

    Args:
        sampler: ``tpe``, ``random``, ``cma-es`` or `GRID`.
        space: What is searched.
        seed: Of the sweep.
        directions: ``minimize`` or ``maximize``, for each objective.
        trials: All trials before it.
        attributes: Kept with it, besides what it tries.
    """
    tried = [trial.params for trial in trials]
    fixed = {} if trials else space.defaults()
    is_small = 0 < num_points(space) <= _MOST_POINTS
    rest = _grid(space, seed, fixed) if is_small else ()
    sampled = () if sampler == GRID else _sampled(sampler, space, seed, directions, trials, fixed)
    for drawn in chain(sampled, ((one, {}) for one in rest)):
        if drawn[0] not in tried:
            break
    else:
        if is_small:
            return None
    values, system_attrs = drawn
    return create_trial(
        state=TrialState.RUNNING,
        params=values,
        distributions={one.path: one.distribution for one in space.parameters if one.path in values},
        system_attrs=system_attrs,
        user_attrs=dict(attributes),
    )


def _sampled(
    sampler: str,
    space: SearchSpace,
    seed: int,
    directions: Sequence[Direction],
    trials: Sequence[FrozenTrial],
    fixed: Mapping[str, Any],
) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Yield points, each with what its sampler keeps with the trial."""
    for attempt in range(_TRIES):
        own_seed = int(np.random.SeedSequence([seed, len(trials), attempt]).generate_state(1)[0])
        copy = optuna.create_study(directions=list(directions), sampler=_SAMPLERS[sampler](own_seed))
        copy.add_trials(trials)
        everything = copy.ask({one.path: one.distribution for one in space.parameters}).params
        yield _asked_of(space, everything, fixed), copy.get_trials(deepcopy=False)[-1].system_attrs


def _asked_of(space: SearchSpace, drawn: Mapping[str, Any], fixed: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is asked for of values of all parameters, and what is fixed in their place."""
    values: dict[str, Any] = {}
    for one in space.parameters:
        if is_asked(one, values):
            is_fixed = one.path in fixed and holds(one.distribution, fixed[one.path])
            values[one.path] = (fixed if is_fixed else drawn)[one.path]
    return values


def _grid(space: SearchSpace, seed: int, fixed: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield all points, always in the same order; those without a setting that some kind lacks repeat."""
    paths = [one.path for one in space.parameters]
    points = [*product(*(_points(one.distribution) for one in space.parameters))]
    random.Random(seed).shuffle(points)
    yield from (_asked_of(space, dict(zip(paths, point, strict=True)), fixed) for point in points)


def num_points(space: SearchSpace) -> int:
    """Return how many points a space has at most; 0: any number."""
    return math.prod(_num_points(one.distribution) for one in space.parameters)


def _num_points(distribution: BaseDistribution) -> int:
    """Return how many values there are; 0: any number."""
    if isinstance(distribution, FloatDistribution):
        step = distribution.step
        return 0 if step is None else round((distribution.high - distribution.low) / step) + 1
    return len(_points(distribution))


def _points(distribution: BaseDistribution) -> Sequence[Any]:
    if isinstance(distribution, CategoricalDistribution):
        return distribution.choices
    if isinstance(distribution, IntDistribution):
        return range(distribution.low, distribution.high + 1, distribution.step)
    assert isinstance(distribution, FloatDistribution)
    assert distribution.step is not None
    count = _num_points(distribution)
    return [min(distribution.low + distribution.step * index, distribution.high) for index in range(count)]


def holds(distribution: BaseDistribution, value: Any) -> bool:
    """Return whether a value is among those of a distribution."""
    try:
        create_trial(state=TrialState.RUNNING, params={"": value}, distributions={"": distribution})
    except (ValueError, TypeError):
        return False
    return True
