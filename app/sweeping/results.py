"""What a sweep and its trials came to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from nested_lightning.app.errors import counted

TrialState = Literal["running", "complete", "pruned", "failed"]


@dataclass(frozen=True, kw_only=True)
class Objective:
    """What a trial is judged by.

    Attributes:
        name: Of a value that validation logs, or ``parameters``, the number of the model's.
        direction: Whether less or more of it is better.
    """

    name: str
    direction: Literal["min", "max"]

    @property
    def is_logged(self) -> bool:
        """Whether validation gives it."""
        return self.name != "parameters"

    def cost(self, value: float) -> float:
        """Return a number that is lower the better a value is."""
        return value if self.direction == "min" else -value


@dataclass(frozen=True, kw_only=True)
class TrialRecord:
    """One trial of a sweep.

    Attributes:
        number: From 0; the first one is the default settings.
        state: How it ended; ``running``: it hasn't, or was interrupted.
        settings: What it tries, by dotted path.
        values: Of each objective, of the checkpoint that it chose; empty: it has none.
        reason: Why it was pruned, or failed.
        is_on_front: Whether no other trial is better by one objective and as good by the others.
        is_ours: Whether its run folder is in this sweep's folder, and not on another machine.
    """

    number: int
    state: TrialState
    settings: Mapping[str, Any]
    values: tuple[float, ...] = ()
    reason: str = ""
    is_on_front: bool = False
    is_ours: bool = True


@dataclass(frozen=True, kw_only=True)
class SweepResult:
    """What a sweep came to.

    Attributes:
        folder: Where everything lies.
        objectives: What trials are judged by; the first one chooses the winner among those on the front.
        trials: All of them, by number.
        winner: The best one; None: none was completed.
        test_scores: Of the winner, the only one of which the test part is looked at, by name.
        is_new: Whether anything was left to try.
        halted: Why it ended before its time, in a sentence; empty: it didn't.
    """

    folder: Path
    objectives: tuple[Objective, ...]
    trials: tuple[TrialRecord, ...]
    winner: TrialRecord | None = None
    test_scores: Mapping[str, float] = field(default_factory=dict)
    is_new: bool = True
    halted: str = ""

    @property
    def stopped(self) -> str:
        """Why there is no result, or not all that was wanted, in a sentence; empty: there is."""
        if self.halted or any(one.state in ("complete", "running") for one in self.trials):
            return self.halted
        return f"no trial was completed; the last one: {self.trials[-1].reason}"

    @property
    def elsewhere(self) -> str:
        """What other machines have to do yet, in a sentence; empty: nothing."""
        running = sum(one.state == "running" and not one.is_ours for one in self.trials)
        if running:
            left = f"{counted(running, 'trial')} on other machines"
            return f"{left}: when all have ended, resume where the winner lies if it wasn't tested there"
        if self.winner is not None and not self.winner.is_ours:
            return "the winner lies on another machine, and so does its test: resume there"
        return ""

    @property
    def front(self) -> tuple[TrialRecord, ...]:
        """The trials that no other one is better than; for one objective, the best."""
        return tuple(one for one in self.trials if one.is_on_front)


def trial_folder(sweep: Path, number: int) -> Path:
    """Return the run folder of a trial."""
    return sweep / "trials" / f"{number:04d}"
