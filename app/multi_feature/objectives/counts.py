"""How many, for each row.

Shapes: B rows of a batch, N rows.
"""

import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torchmetrics.functional import tweedie_deviance_score

from nested_lightning.app.multi_feature.objectives.numbers import score_numbers
from nested_lightning.app.multi_feature.objectives.one_column import OneColumnObjective
from nested_lightning.app.multi_feature.targets.specs import CountTarget
from nested_lightning.app.tensors import to_double

_MIN_RATE = 1e-9
"""A rate of 0 would have no deviance."""

_MAX_LOG_RATE = 70.0
"""A row far from all others has a rate of 1e30 rather than an infinite one."""


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
        return _scores(answers[:, 0], to_double(target))

    def baseline_scores(self, target: Tensor) -> dict[str, Tensor]:
        """Return the scores of always answering the training part's mean."""
        truth_N = to_double(target)
        return _scores(torch.full_like(truth_N, self.target.mean), truth_N)

    @property
    def decoding(self) -> dict[str, Any]:
        """What `predictions_of` needs besides what `decode` gives."""
        return {"levels": []}

    def _log_rates(self, outputs: Tensor) -> Tensor:
        return (outputs + self.log_mean).clamp(max=_MAX_LOG_RATE)


def _scores(rates: Tensor, truth: Tensor) -> dict[str, Tensor]:
    deviance = tweedie_deviance_score(rates.clamp(min=_MIN_RATE), truth.to(rates.device), power=1)
    return score_numbers(rates, truth) | {"poisson_deviance": deviance}
