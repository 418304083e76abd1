"""Scores of a checkpoint beside a baseline, with intervals, and what classes are taken for."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nested_lightning.app.evaluation_report import Confusion, EvaluationReport
from nested_lightning.app.report.contents import Block, Matrix, Table, Text, by_column, table_of
from nested_lightning.app.training.runs.result import TrainingResult

MAX_CLASSES = 30
"""Classes of a matrix; of more, the most frequent confusions are listed."""
_LEVEL, _MOST_DRAWS, _MOST_DRAWN = 95, 300, 20_000

Rows = npt.NDArray[np.int64]
Scorer = Callable[[Rows], Mapping[str, float]]
"""From indices of samples, some of them repeatedly, to their scores."""


@dataclass(frozen=True, kw_only=True)
class Resampling:
    """How some of the samples of a part are scored once more."""

    num_samples: int
    score: Scorer

    @property
    def num_drawn(self) -> int:
        """How many samples are drawn each time."""
        return min(self.num_samples, _MOST_DRAWN)

    @property
    def num_draws(self) -> int:
        """How often samples are drawn: less often where there are many, whose scores differ less."""
        return max(50, min(_MOST_DRAWS, 400_000 // max(self.num_samples, 1)))

    def intervals(self, scores: Mapping[str, float]) -> dict[str, tuple[float, float]]:
        """Return the percentile interval of each score, see Efron, https://doi.org/10.1214/aos/1176344552.

        Of many samples fewer are drawn, and the spread around the score of all is narrowed by the root of
        their share, see Bickel, Götze and van Zwet, Statistica Sinica 7 (1997), 1-31.

        Args:
            scores: Those of all samples, by the same names.
        """
        generator = np.random.default_rng(0)
        drawn: dict[str, list[float]] = {}
        for _ in range(self.num_draws):
            found = self.score(generator.integers(0, self.num_samples, self.num_drawn))
            for name, value in found.items():
                drawn.setdefault(name, []).append(value)
        ends = (50 - _LEVEL / 2, 50 + _LEVEL / 2)
        return {
            name: self._narrowed(values, np.nanpercentile(values, ends), scores.get(name))
            for name, values in drawn.items()
        }

    def _narrowed(
        self, values: Sequence[float], ends: npt.NDArray[np.floating], of_all: float | None
    ) -> tuple[float, float]:
        share, mean = self.num_drawn / self.num_samples, float(np.nanmean(values))
        middle = mean if of_all is None else of_all  # fewer samples may have other scores in the mean
        low, high = ends if share == 1 else middle + (ends - mean) * share**0.5
        return min(float(low), middle), max(float(high), middle)  # draws of few samples may be biased


def score_blocks(
    report: EvaluationReport, *, part: str, checkpoint: str, resampling: Resampling | None
) -> Sequence[Block]:
    """Return what ``evaluate`` gives as tables; each names part, number of samples and checkpoint.

    Without ``resampling`` there are no intervals.
    """
    where = f"{part} part, {report.num_samples:,} samples, {checkpoint}"
    intervals = resampling.intervals(report.scores) if resampling else {}
    columns = {"value": report.scores}
    if intervals:
        columns |= {end: {k: v[i] for k, v in intervals.items()} for i, end in enumerate(("low", "high"))}
    if report.baseline:
        columns["baseline"] = report.baseline
    said = (
        f"low and high: {_LEVEL} % interval, percentiles of {resampling.num_draws} bootstrap samples of"
        f" {resampling.num_drawn:,}, widened where they don't hold the value; empty where a score can't be"
        " computed from samples drawn again."
        if resampling
        else "No intervals: the family has no way to score some of its samples alone."
    )
    whole = table_of(f"Scores on the {where}", "score", columns, said)
    parts = [
        table_of(f"By {of} on the {where}", of, by_column(rows)) for of, rows in report.breakdowns.items()
    ]
    confusions = [
        confusion_block(name, one, f"{part} part, {sum(map(sum, one.counts)):,} samples, {checkpoint}")
        for name, one in report.confusions.items()
    ]
    return [whole, *(Text(text=f"Note: {note}.") for note in report.notes), *parts, *confusions]


def logged_table(result: TrainingResult) -> Table:
    """Return the scores that the training came to, of what it logged itself."""
    title = f"Scores of {result.best_checkpoint.name} by part"
    return table_of(title, "score", by_column(result.scores), "As logged at the end of the training.")


def confusion_block(name: str, confusion: Confusion, where: str) -> Block:
    """Return the matrix with true classes in rows; of many classes, the most frequent confusions."""
    names, counts = confusion.class_names, confusion.counts
    place = f"{f' of {name}' if name else ''} on the {where}"
    if len(names) <= MAX_CLASSES:
        return Matrix(title=f"Confusion matrix{place}", names=names, counts=counts)
    return Table(
        title=f"Most frequent confusions{place}",
        columns=["true", "predicted", "samples"],
        rows=confusion.wrong,
    )
