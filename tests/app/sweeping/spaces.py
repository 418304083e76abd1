"""A space for tests: a choice, what belongs to one kind of it, and a rate."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

from nested_lightning.app.sweeping.results import Objective
from nested_lightning.app.sweeping.study import Plan

LOSS = Objective(name="val_loss", direction="min")


@dataclass(frozen=True)
class Parameter:
    """A setting that is searched."""

    path: str
    distribution: BaseDistribution
    asked_when: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Space:
    """All that is searched."""

    parameters: tuple[Parameter, ...]
    values: Mapping[str, Any]

    def defaults(self) -> Mapping[str, Any]:
        """Return the first trial."""
        return self.values


SPACE = Space(
    (
        Parameter("head.kind", CategoricalDistribution(["plain", "normalized"])),
        Parameter("head.dropout", FloatDistribution(0.0, 0.5), {"head.kind": ("normalized",)}),
        Parameter("lr", FloatDistribution(1e-4, 1e-1, log=True)),
    ),
    {"head.kind": "plain", "lr": 1e-3},
)
SMALL = Space((Parameter("width", IntDistribution(1, 4)),), {"width": 2})


def plan(space: Space = SPACE, **changes: Any) -> Plan:
    """Return a plan of 20 trials."""
    options: dict[str, Any] = {
        "space": space,
        "objectives": (LOSS,),
        "seed": 1,
        "sampler": "tpe",
        "pruner": "median",
        "trials": 20,
        "max_steps": 5,
    }
    return Plan(**(options | changes))
