"""A number for each row, with quantiles where they are wanted, or how many there are of something.

Shapes: B rows of a batch, N rows, Q quantiles.
"""

import math
from collections.abc import Sequence
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor
from torchmetrics.functional import mean_absolute_error, mean_squared_error, r2_score, tweedie_deviance_score

from nested_lightning.app.errors import UserError
from nested_lightning.app.multi_feature.objectives.one_column import OneColumnObjective
from nested_lightning.app.multi_feature.targets.specs import CountTarget, NumberTarget
from nested_lightning.app.tensors import to_double

_MIN_RATE = 1e-9
"""A rate of 0 would have no deviance."""

_MAX_LOG_RATE = 70.0
"""A row far from all others has a rate of 1e30 rather than an infinite one."""


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


class CountsObjective(OneColumnObjective):
    """A Poisson distribution, of whose rate a head gives the logarithm beside that of the mean."""

    def __init__(self, *, target: CountTarget) -> None:
        super().__init__(target=target, out_features=1)
        self.log_mean = math.log(target.mean)

    def forward(self, outputs: Tensor, target: Tensor) -> Tensor:
        """Return the loss of each row, [B], of outputs of [B, 1] and counts of [B]."""
        return F.poisson_nll_loss(self._log_rates(outputs)[:, 0], target, log_input=True, reduction="none")

    def combine(self, outputs: Tensor) -> Tensor:
        """Return outputs of [B, 1] whose rates are the mean of members' of [B, M, 1]."""
        return outputs.logsumexp(dim=1) - math.log(outputs.shape[1])

    def decode(self, outputs: Tensor) -> Tensor:
        """Return rates, float64 of [B, 1]."""
        return self._log_rates(to_double(outputs)).exp()

    def scores(self, answers: Tensor, target: Tensor) -> dict[str, Tensor]:
        """Return ``mae``, ``rmse``, ``r2`` and the mean ``poisson_deviance`` of rates of [N, 1]."""
        return _score_rates(answers[:, 0], to_double(target))

    def baseline_scores(self, target: Tensor) -> dict[str, Tensor]:
        """Return the scores of always answering the training part's mean."""
        truth_N = to_double(target)
        return _score_rates(torch.full_like(truth_N, self.target.mean), truth_N)

    def _log_rates(self, outputs: Tensor) -> Tensor:
        return (outputs + self.log_mean).clamp(max=_MAX_LOG_RATE)


def _score_rates(rates: Tensor, truth: Tensor) -> dict[str, Tensor]:
    deviance = tweedie_deviance_score(rates.clamp(min=_MIN_RATE), truth.to(rates.device), power=1)
    return score_numbers(rates, truth) | {"poisson_deviance": deviance}


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
