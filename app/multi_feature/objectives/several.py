"""Several columns to predict for each row.

Shapes: B rows of a batch, N rows, O outputs of a head.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Literal

import torch
from torch import Tensor, nn

from nested_lightning.app.assembly.names import escape_name
from nested_lightning.app.errors import UserError, did_you_mean
from nested_lightning.app.evaluation_report import EvaluationReport
from nested_lightning.app.multi_feature.objectives.members import combine_members
from nested_lightning.app.multi_feature.objectives.predictions import SeveralPredictions
from nested_lightning.app.multi_feature.targets.several import SeveralTargets
from nested_lightning.app.submodules.loss_balances import FixedBalance, UncertaintyBalance

ByColumn = Mapping[str, Tensor]


class SeveralObjective(nn.Module):
    """One objective for each of several columns, each with its share of a head's outputs.

    Args:
        target: The columns.
        objectives: By the column's name, in order; each as `app.assembly.protocols.Objective`.
        balance: In training, losses are weighed by ``weights`` alone (``fixed``), or also by what is learnt
            of their ``uncertainty``, see `UncertaintyBalance`. Elsewhere by ``weights`` alone, so that losses
            can be compared from epoch to epoch.
        weights: Weight of a loss by its column; others 1.

    Raises:
        UserError: A weight is of no column.
    """

    def __init__(
        self,
        *,
        target: SeveralTargets,
        objectives: Mapping[str, Any],
        balance: Literal["fixed", "uncertainty"] = "fixed",
        weights: Mapping[str, float] = MappingProxyType({}),
    ) -> None:
        super().__init__()
        self.target = target
        self.objectives = nn.ModuleDict({escape_name(name): one for name, one in objectives.items()})
        for name in weights:
            if name not in objectives:
                near = did_you_mean(name, objectives)
                raise UserError(f"multi_feature.objective.weights.{name}: there is no such column{near}")
        fixed = {name: weights.get(name, 1.0) for name in objectives}
        self.fixed = FixedBalance(weights=fixed, num_sequences={})
        self.balance = (
            UncertaintyBalance(weights=fixed, num_sequences={}) if balance == "uncertainty" else None
        )
        self._widths = [one.out_features for one in objectives.values()]
        self.out_features = sum(self._widths)

    def forward(self, outputs: Tensor, target: ByColumn) -> Tensor:
        """Return the loss of each row, [B], of outputs of [B, O] and what is true by column."""
        losses = []
        for (name, objective), part in zip(self._named(), outputs.split(self._widths, dim=1), strict=True):
            loss_B, weight_B = objective(part, target[name]), objective.row_weights(target[name])
            if weight_B is not None:
                loss_B = loss_B * weight_B / weight_B.mean()
            weigh = self.balance if self.training and self.balance is not None else self.fixed
            losses.append(weigh(name, loss_B))
        return torch.stack(losses).sum(dim=0)

    def row_weights(self, target: ByColumn) -> None:
        """Return nothing: what a row counts for a column is in its loss."""
        del target

    def combine(self, outputs: Tensor) -> Tensor:
        """Return outputs of [B, O] as each objective combines its members' of [B, M, O]."""
        parts = zip(self._named(), outputs.split(self._widths, dim=2), strict=True)
        return torch.cat([combine_members(one, part) for (_, one), part in parts], dim=1)

    def decode(self, outputs: Tensor) -> dict[str, Tensor]:
        """Return what each objective decodes of its outputs, by column."""
        parts = outputs.split(self._widths, dim=1)
        return {name: one.decode(part) for (name, one), part in zip(self._named(), parts, strict=True)}

    def calibrate(self, answers: ByColumn, target: ByColumn) -> None:
        """Take the thresholds that are best for what `decode` gives of N rows."""
        for name, objective in self._named():
            if hasattr(objective, "calibrate"):
                objective.calibrate(answers[name], target[name])

    def scores(self, answers: ByColumn, target: ByColumn) -> dict[str, Tensor]:
        """Return the scores of each with the column's name before theirs, e.g. ``price_mae``."""
        return self._each(lambda name, one: one.scores(answers[name], target[name]))

    def baseline_scores(self, target: ByColumn) -> dict[str, Tensor]:
        """Return the scores of constant answers, named alike."""
        return self._each(lambda name, one: one.baseline_scores(target[name]))

    @property
    def decoding(self) -> dict[str, Any]:
        """What `predictions_of` needs besides what `decode` gives, by column."""
        return {name: one.decoding for name, one in self._named()}

    def predictions(self, answers: ByColumn) -> SeveralPredictions:
        """Return the predictions of each for N rows."""
        return SeveralPredictions(
            by_column={name: one.predictions(answers[name]) for name, one in self._named()}
        )

    def report(self, answers: ByColumn, target: ByColumn) -> EvaluationReport:
        """Return the scores of each; of classes, breakdowns by class and confusions too."""
        reports = {name: one.report(answers[name], target[name]) for name, one in self._named()}
        return EvaluationReport(
            num_samples=max(one.num_samples for one in reports.values()),
            scores=_prefixed({name: one.scores for name, one in reports.items()}),
            baseline=_prefixed({name: one.baseline for name, one in reports.items()}),
            further_breakdowns={
                f"{parts} of {name}": table
                for name, one in reports.items()
                for parts, table in one.breakdowns.items()
            },
            confusions={name: one.confusions[""] for name, one in reports.items() if one.confusions},
            notes=[f"{note} ({name})" for name, one in reports.items() for note in one.notes],
        )

    def _named(self) -> list[tuple[str, Any]]:
        return list(zip(self.target.targets, self.objectives.values(), strict=True))

    def _each(self, scores: Callable[[str, Any], Mapping[str, Tensor]]) -> dict[str, Tensor]:
        return _prefixed({name: scores(name, one) for name, one in self._named()})


def _prefixed(scores: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    return {f"{name}_{score}": value for name, each in scores.items() for score, value in each.items()}
