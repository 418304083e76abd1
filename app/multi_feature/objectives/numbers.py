"""A number for each row, with quantiles where they are wanted.

Shapes: B rows of a batch, N rows, Q quantiles.
"""

from collections.abc import Sequence
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor
from torchmetrics.functional import mean_absolute_error, mean_squared_error, r2_score

from nested_lightning.app.errors import UserError
from nested_lightning.app.multi_feature.objectives.one_column import OneColumnObjective
from nested_lightning.app.multi_feature.targets.specs import NumberTarget


class NumberObjective(OneColumnObjective):
    """The mean or median of a number, and quantiles of it.

    The loss is that of standardised numbers; everything else is in the units of the file. Quantiles are
    learnt by the pinball loss (Koenker and Bassett 1978) and never cross.

    Args:
        target: Mean and standard deviation of the training part.
        loss: ``squared``, ``absolute``, or ``huber``, which is squared up to ``huber_delta``.
        huber_delta: In standard deviations, above 0.
        quantiles: Levels in (0, 1).
        interval: Share of rows that lie between two further quantiles, in (0, 1); None: no such.

    Attributes:
        levels: All quantiles' levels, ascending.
    """

    def __init__(
        self,
        *,
        target: NumberTarget,
        loss: Literal["squared", "absolute", "huber"] = "squared",
        huber_delta: float = 1.0,
        quantiles: Sequence[float] = (),
        interval: float | None = None,
    ) -> None:
        ends = () if interval is None else (round((1 - interval) / 2, 9), round((1 + interval) / 2, 9))
        levels = tuple(sorted({*quantiles, *ends}))
        super().__init__(target=target, out_features=1 + len(levels))
        self.loss, self.huber_delta = loss, huber_delta
        self.interval, self.levels = interval, levels
        if not all(0 < level < 1 for level in self.levels):
            raise UserError(f"quantiles lie between 0 and 1; given were {', '.join(map(str, self.levels))}")

    def forward(self, outputs: Tensor, target: Tensor) -> Tensor:
        """Return the loss of each row, [B], of outputs of [B, 1 + Q] and standardised numbers of [B]."""
        loss_B = self._point_loss(outputs[:, 0], target)
        if not self.levels:
            return loss_B
        over_BQ = target[:, None] - outputs[:, 1:]
        levels = outputs.new_tensor(self.levels)
        return loss_B + torch.maximum(levels * over_BQ, (levels - 1) * over_BQ).mean(dim=1)

    def decode(self, outputs: Tensor) -> Tensor:
        """Return numbers and ascending quantiles in the units of the file, float64 of [B, 1 + Q]."""
        numbers = self.target.in_units(outputs)
        return torch.cat([numbers[:, :1], numbers[:, 1:].sort(dim=1).values], dim=1)

    def scores(self, answers: Tensor, target: Tensor) -> dict[str, Tensor]:
        """Return ``mae``, ``rmse``, ``r2`` and, of an interval, ``coverage``, of what `decode` gives."""
        truth_N = self.target.in_units(target)
        scores = score_numbers(answers[:, 0], truth_N)
        if self.interval is not None:
            low, high = (1 + self.levels.index(round((1 + sign * self.interval) / 2, 9)) for sign in (-1, 1))
            is_within = (answers[:, low] <= truth_N) & (truth_N <= answers[:, high])
            scores["coverage"] = is_within.double().mean()
        return scores

    def baseline_scores(self, target: Tensor) -> dict[str, Tensor]:
        """Return the scores of always answering the training part's mean."""
        truth_N = self.target.in_units(target)
        return score_numbers(torch.full_like(truth_N, self.target.mean), truth_N)

    @property
    def decoding(self) -> dict[str, Any]:
        """What `predictions_of` needs besides what `decode` gives."""
        return {"levels": [*self.levels]}

    def _point_loss(self, output: Tensor, target: Tensor) -> Tensor:
        if self.loss == "squared":
            return F.mse_loss(output, target, reduction="none")
        if self.loss == "absolute":
            return F.l1_loss(output, target, reduction="none")
        return F.huber_loss(output, target, reduction="none", delta=self.huber_delta)


def score_numbers(answers: Tensor, truth: Tensor) -> dict[str, Tensor]:
    """Return ``mae``, ``rmse`` and ``r2`` of numbers of [N].

    The last one is NaN where all are the same.
    """
    truth = truth.to(answers.device)
    is_defined = len(truth) > 1 and bool(truth.min() < truth.max())
    return {
        "mae": mean_absolute_error(answers, truth),
        "rmse": mean_squared_error(answers, truth, squared=False),
        "r2": r2_score(answers, truth) if is_defined else torch.tensor(torch.nan),
    }
