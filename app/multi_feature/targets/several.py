"""What a model must know of all columns that it predicts, one or several."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

from pydantic import Field

from nested_lightning.app.data.data_spec import Facts
from nested_lightning.app.multi_feature.targets.specs import Target

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class SeveralTargets(Facts):
    """Several columns, each with a target of its own, by the column's name."""

    kind: Literal["several"] = "several"
    targets: Annotated[dict[str, Annotated[Target, Field(discriminator="kind")]], Field(min_length=1)]

    def example(self, num_rows: int) -> dict[str, Tensor]:
        """Return what a batch may have of that many rows."""
        return {name: one.example(num_rows) for name, one in self.targets.items()}

    @property
    def outputs(self) -> tuple[str, ...]:
        """What the rows of a head's weights stand for."""
        return tuple(f"{name}.{output}" for name, one in self.targets.items() for output in one.outputs)


AnyTarget: TypeAlias = Target | SeveralTargets


def targets_by_column(target: AnyTarget) -> dict[str, Target]:
    """Return the targets of a model, one or several, by their columns."""
    return dict(target.targets) if isinstance(target, SeveralTargets) else {target.column: target}
