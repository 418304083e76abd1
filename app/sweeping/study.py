"""The study of a sweep: one database, opened by the one process that leads it on a machine."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import optuna
from optuna.pruners import BasePruner, HyperbandPruner, MedianPruner, NopPruner
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial, Trial, TrialState
from sqlalchemy import Engine, text

from nested_lightning.app.errors import UserError, name_list
from nested_lightning.app.strict_json import to_json
from nested_lightning.app.sweeping.results import Objective, TrialRecord
from nested_lightning.app.sweeping.sampling import Direction, draw
from nested_lightning.app.sweeping.space import SearchSpace

_STATES: Mapping[TrialState, Any] = {
    TrialState.RUNNING: "running",
    TrialState.COMPLETE: "complete",
    TrialState.PRUNED: "pruned",
    TrialState.FAIL: "failed",
}
_OWNER, _REASON = "owner", "reason"
_LOCK = 7_160_381
"""Number of the lock that machines hold in turn while they make the study or take a trial."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a sweep asks, and how.

    Attributes:
        space: What is searched.
        objectives: What trials are judged by.
        seed: Of the sampler.
        sampler: See `app.sweeping.sampling.draw`.
        pruner: One of `PRUNERS`.
        trials: How many there are, over all resumptions and machines; those that fail or are pruned count.
        max_steps: Reports of a whole training.
    """

    space: SearchSpace
    objectives: tuple[Objective, ...]
    seed: int
    sampler: str
    pruner: str
    trials: int
    max_steps: int

    @property
    def directions(self) -> list[Direction]:
        """Those of the objectives, in Optuna's words."""
        return ["minimize" if one.direction == "min" else "maximize" for one in self.objectives]


PRUNERS: Mapping[str, tuple[Callable[[int], BasePruner], str]] = {
    "median": (lambda _steps: MedianPruner(n_startup_trials=5), "worse than the median of those before"),
    "hyperband": (
        lambda steps: HyperbandPruner(max_resource=max(2, steps)),
        "not among the best of its bracket",
    ),
    "none": (lambda _steps: NopPruner(), ""),
}
"""What makes each, from the reports of a whole training, and why it prunes."""


class SweepStudy:
    """Trials that were begun, and what they came to.

    Args:
        study: Of Optuna.
        storage: That holds it.
        plan: What is asked.
        where: It lies, for messages.
        owner: What marks the trials of this machine; empty: all are of this one.
    """

    def __init__(
        self, study: optuna.Study, *, storage: RDBStorage, plan: Plan, where: str, owner: str
    ) -> None:
        self._study, self._storage, self._where = study, storage, where
        self._plan, self._owner = plan, owner

    @property
    def is_unfinished(self) -> bool:
        """Whether there is anything left to try on this machine."""
        return len(self.records()) < self._plan.trials or bool(self.interrupted())

    def hold_to(self, what: str, values: Mapping[str, Any]) -> None:
        """Keep plain values, by name, that have to stay the same as long as the sweep lasts.

        Raises:
            UserError: They were others.
        """
        with alone(self._storage.engine):
            known = self._study.user_attrs.get(what)
            if known is None:
                self._study.set_user_attr(what, dict(values))
                return
        names = {**known, **values}
        changed = [name for name in names if to_json(known.get(name)) != to_json(values.get(name))]
        if changed:
            raise UserError(
                f"{self._where}: its trials were made with other values of {name_list(changed)}, and would be"
                " mixed with others; put that back, or begin a new sweep in another folder"
            )

    def interrupted(self) -> list[TrialRecord]:
        """Return the trials of this machine that were begun and haven't ended."""
        return [one for one in self.records() if one.state == "running" and one.is_ours]

    def begin(self) -> TrialRecord | None:
        """Begin one more trial and return it; None: there are as many as are wanted."""
        with alone(self._storage.engine):
            trials = self._study.get_trials(deepcopy=False)
            if len(trials) >= self._plan.trials:
                return None
            plan = self._plan
            own = {_OWNER: self._owner}
            options: dict[str, Any] = {"seed": plan.seed, "directions": plan.directions, "trials": trials}
            drawn = draw(plan.sampler, plan.space, **options, attributes=own)
            if drawn is None:
                return None
            self._study.add_trial(drawn)
        return next(one for one in reversed(self.records()) if one.is_ours)

    def report(self, number: int, step: int, value: float) -> str | None:
        """Take what a trial has come to; return why it is to be pruned, or None: it goes on.

        What a trial that was interrupted reports once more changes nothing. By several objectives, or the
        model's size alone, nothing is pruned.
        """
        objective, *others = self._plan.objectives
        if others or not objective.is_logged:
            return None
        trial = self._trial(number)
        last = max(self._study.get_trials(deepcopy=False)[number].intermediate_values, default=-1)
        if step > last:
            trial.report(value, step)
        if step < last or not trial.should_prune():
            return None
        why = PRUNERS[self._plan.pruner][1]
        return f"{objective.name} {value:.6g} at step {step + 1} of {self._plan.max_steps}: {why}"

    def end(self, number: int, state: str, values: Sequence[float] = (), reason: str = "") -> None:
        """Write down how a trial ended, once and for all."""
        self._trial(number).set_user_attr(_REASON, reason)
        found = {name: one for one, name in _STATES.items()}[state]
        self._study.tell(number, list(values) if state == "complete" else None, state=found)

    def records(self) -> tuple[TrialRecord, ...]:
        """Return all trials, by number."""
        trials = self._study.get_trials(deepcopy=False)
        front = {one.number for one in self._study.best_trials}
        return tuple(replace(self._record(one), is_on_front=one.number in front) for one in trials)

    def close(self) -> None:
        """Close the database."""
        self._storage.engine.dispose()

    def _record(self, trial: FrozenTrial) -> TrialRecord:
        is_complete = trial.state == TrialState.COMPLETE
        is_ended = trial.state.is_finished() and not is_complete
        return TrialRecord(
            number=trial.number,
            state=_STATES[trial.state],
            settings=trial.params,
            values=tuple(trial.values) if is_complete else (),
            reason=trial.user_attrs.get(_REASON, "") if is_ended else "",
            is_ours=trial.user_attrs[_OWNER] == self._owner,
        )

    def _trial(self, number: int) -> Trial:
        """Return what takes reports; a trial that was interrupted is taken up as it stands."""
        study = self._storage.get_study_id_from_name(self._study.study_name)
        trial = self._storage.get_trial_id_from_study_id_trial_number(study, number)
        return Trial(self._study, trial)


@contextmanager
def alone(engine: Engine) -> Iterator[None]:
    """Keep other machines that share a database from what is done within the block."""
    if engine.dialect.name != "postgresql":
        yield
        return
    with engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        yield
