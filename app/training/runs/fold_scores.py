"""Scores of trainings on folds of the same data, brought together."""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nested_lightning.app.evaluation_report import EvaluationReport


@dataclass(frozen=True)
class FoldSummary:
    """One metric over the folds.

    Attributes:
        mean: Mean over the folds.
        std: Sample standard deviation over the folds (divided by their number less one); 0 for one fold.
        low: Lower end of the interval that holds the mean of such trainings 95 times in 100.
        high: Its upper end. The interval is that of Nadeau and Bengio
            (https://doi.org/10.1023/A:1024068626366), since folds share rows to train on.
        values: The metric of each fold, in their order.
    """

    mean: float
    std: float
    low: float
    high: float
    values: tuple[float, ...]


def summarise_folds(fold_metrics: Sequence[Mapping[str, float]]) -> dict[str, FoldSummary]:
    """Return mean and spread of each metric over the folds, from the test metrics of each.

    Raises:
        ValueError: There is no fold, or the folds' metrics have different names.
    """
    if not fold_metrics:
        raise ValueError("no folds to summarise")
    names = list(fold_metrics[0])
    if any(set(metrics) != set(names) for metrics in fold_metrics):
        raise ValueError(
            f"the folds' metrics differ in name: {[sorted(metrics) for metrics in fold_metrics]}"
        )
    return {name: _summarise([metrics[name] for metrics in fold_metrics]) for name in names}


def _summarise(values: Sequence[float]) -> FoldSummary:
    mean, std = statistics.fmean(values), statistics.stdev(values) if len(values) > 1 else 0.0
    half = std * _width(len(values))
    return FoldSummary(mean=mean, std=std, low=mean - half, high=mean + half, values=tuple(values))


def _width(num_folds: int) -> float:
    """Return half the width of the interval in standard deviations."""
    if num_folds < 2:
        return 0.0
    from scipy.stats import t  # takes half a second to import

    return float(t.ppf(0.975, num_folds - 1)) * _error_of_mean(num_folds)


def _error_of_mean(num_folds: int) -> float:
    """Return the standard error of the mean in standard deviations, for folds that share rows to train on."""
    return math.sqrt(1 / num_folds + 1 / (num_folds - 1))


def paired_fold_test(first: Sequence[float], second: Sequence[float]) -> tuple[float, float]:
    """Return the mean of ``second`` less ``first``, a metric on the same folds, and the p-value of it.

    It is the corrected resampled t-test of Nadeau and Bengio, of at least two folds.

    Raises:
        ValueError: They aren't of equally many folds, or of one alone.
    """
    from scipy.stats import t

    differences = [other - one for one, other in zip(first, second, strict=True)]
    mean, std = statistics.fmean(differences), statistics.stdev(differences)
    if std == 0:
        return mean, 1.0 if mean == 0 else 0.0
    num = len(differences)
    return mean, float(2 * t.sf(abs(mean) / (std * _error_of_mean(num)), num - 1))


def report_folds(reports: Sequence[EvaluationReport]) -> EvaluationReport:
    """Return means over the folds, with the scores of each fold and their spread."""
    summary = summarise_folds([report.scores for report in reports])
    baseline = summarise_folds([report.baseline for report in reports])
    spreads = {
        name: {"mean": s.mean, "std": s.std, "low": s.low, "high": s.high} for name, s in summary.items()
    }
    return EvaluationReport(
        num_samples=sum(report.num_samples for report in reports),
        scores={name: score.mean for name, score in summary.items()},
        baseline={name: score.mean for name, score in baseline.items()},
        breakdown={f"fold {number}": report.scores for number, report in enumerate(reports)},
        breakdown_by="fold",
        further_breakdowns={"score": spreads},
    )
