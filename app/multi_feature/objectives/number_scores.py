"""Scores of numbers.

Shapes: N rows.
"""

import torch
from torch import Tensor
from torchmetrics.functional import mean_absolute_error, mean_squared_error, r2_score


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
