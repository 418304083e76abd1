"""From lines of results to means, ranks and distances."""

import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from scipy.stats import rankdata

from benchmarks.tables.scores import RANKED_BY
from benchmarks.tables.sources import SOURCES

SCORES = ("accuracy", "auroc", "log_loss", "rmse", "r2")
LESS_IS_BETTER = ("rmse", "log_loss")
REFERENCE = "hist_gradient_boosting"
TOLERATED = {"rmse": 0.02, "auroc": 0.01, "accuracy": 0.01}
"""How far behind `REFERENCE` is near enough: of an RMSE a share, else a difference."""

Means = Mapping[tuple[str, str], Mapping[str, float]]
"""Scores, seconds and the number of trainings, by table and model."""


def means(lines: Iterable[Mapping[str, Any]]) -> Means:
    """Return the mean of each score, and the median of the seconds, over the folds that all models share."""
    found: dict[str, dict[str, dict[tuple[int, int], Mapping[str, Any]]]] = {}
    for line in lines:
        by_model = found.setdefault(line["table"], {})
        by_model.setdefault(line["model"], {})[line["seed"], line["fold"]] = line
    return {
        (table, model): _mean([by_fold[fold] for fold in set.intersection(*map(set, by_model.values()))])
        for table, by_model in found.items()
        for model, by_fold in by_model.items()
    }


def _mean(group: list[Mapping[str, Any]]) -> dict[str, float]:
    found = {name: statistics.mean(line[name] for line in group) for name in SCORES if name in group[0]}
    return {**found, "seconds": statistics.median(line["seconds"] for line in group), "count": len(group)}


def tables_of(found: Means) -> list[str]:
    """Return the tables that there are results of."""
    return [name for name in SOURCES if any(table == name for table, _ in found)]


def ranked_by(found: Means, table: str, by: Sequence[str] = RANKED_BY) -> str:
    """Return the score that a table's models are ranked by: the first of these that it has."""
    had = next(scores for (name, _), scores in found.items() if name == table)
    return next(score for score in by if score in had)


def ranks(found: Means, table: str, by: Sequence[str] = RANKED_BY) -> dict[str, float]:
    """Return each model's rank on a table, 1 for the best; equals share theirs."""
    score = ranked_by(found, table, by)
    sign = 1 if score in LESS_IS_BETTER else -1
    values = {model: sign * scores[score] for (name, model), scores in found.items() if name == table}
    return dict(zip(values, rankdata(list(values.values())), strict=True))


def mean_ranks(found: Means, by: Sequence[str] = RANKED_BY) -> dict[str, float]:
    """Return the mean rank of the models that were tried on all tables, best first."""
    by_table = [ranks(found, table, by) for table in tables_of(found)]
    everywhere = set.intersection(*(set(one) for one in by_table))
    mean = {model: statistics.mean(one[model] for one in by_table) for model in everywhere}
    return dict(sorted(mean.items(), key=lambda item: item[1]))


def behind(found: Means, table: str, model: str, score: str) -> float:
    """Return how far a model is behind `REFERENCE`, less than 0 if it is ahead."""
    own, other = found[table, model][score], found[table, REFERENCE][score]
    return own / other - 1 if score == "rmse" else other - own
