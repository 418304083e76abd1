"""The metrics of several trainings on folds of the same data, brought together."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class FoldSummary:
    """One metric over the folds.

    Attributes:
        mean: Mean over the folds.
        std: Sample standard deviation over the folds (divided by their number less one); 0 for one fold.
        values: The metric of each fold, in their order.
    """

    mean: float
    std: float
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
    std = statistics.stdev(values) if len(values) > 1 else 0.0
    return FoldSummary(mean=statistics.fmean(values), std=std, values=tuple(values))
