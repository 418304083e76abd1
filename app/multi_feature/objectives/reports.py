"""Evaluations: scores beside those of a constant answer.

Shapes: N rows, C classes.
"""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import torch
from torch import Tensor

from nested_lightning.app.evaluation_report import EvaluationReport, Labels, Numbers, Scores, score_classes
from nested_lightning.app.multi_feature.objectives.predictions import ClassPredictions, Values


def report_classes(
    predictions: ClassPredictions,
    target: Tensor,
    *,
    shares: Tensor,
    more: Mapping[str, Tensor] = MappingProxyType({}),
    more_baseline: Mapping[str, Tensor] = MappingProxyType({}),
) -> EvaluationReport:
    """Return the scores of classes, see `ClassScores`, with the log loss, beside those of a constant answer.

    Args:
        predictions: Of N rows.
        target: Class index of each, [N].
        shares: Share of each class in the training part, [C], which is the constant answer.
        more: Further scores, which go before those of the same name.
        more_baseline: The same of the constant answer.
    """
    labels, names = target.cpu().numpy(), predictions.class_names
    probabilities = _exact(predictions.probabilities)
    found = score_classes(labels, probabilities, names, predicted=predictions.indices)
    constant = _exact(shares.expand(len(labels), -1))
    scores = found.scores | _log_loss(labels, probabilities) | _numbers(more)
    baseline = score_classes(labels, constant, names).scores | _log_loss(labels, constant)
    baseline |= _numbers(more_baseline)
    return EvaluationReport(
        num_samples=len(labels),
        scores=scores,
        baseline={name: value for name, value in baseline.items() if name in scores},
        breakdown=found.breakdown,
        breakdown_by="class",
        confusions={"": found.confusion},
        notes=predictions.notes,
    )


def report_scores(
    scores: Mapping[str, Tensor], baseline: Mapping[str, Tensor], num_samples: int
) -> EvaluationReport:
    """Return scores of ``num_samples`` rows beside those of a constant answer."""
    return EvaluationReport(num_samples=num_samples, scores=_numbers(scores), baseline=_numbers(baseline))


def _numbers(scores: Mapping[str, Tensor]) -> Scores:
    return {name: float(value) for name, value in scores.items()}


def _exact(probabilities: Values) -> Numbers:
    """Return probabilities whose sum is 1 in 64 bits too, which scikit-learn warns of otherwise."""
    given = torch.as_tensor(probabilities).double()
    exact: Numbers = (given / given.sum(dim=1, keepdim=True)).numpy()
    return exact


def _log_loss(labels: Labels, probabilities: Numbers) -> Scores:
    from sklearn.metrics import log_loss  # takes half a second to import

    value = log_loss(labels, np.asarray(probabilities), labels=range(probabilities.shape[1]))
    return {"log_loss": float(value)}
