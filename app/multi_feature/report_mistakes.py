"""What a `MultiFeatureClassifier` answered, beside what is true, column by column.

Each kind of answers has ``true``, what is true of each of N rows; ``errors``, 0 where an answer is right and
the larger the worse; ``error_name``, what these are; ``blocks``, charts of all answers; and ``worst``, the
rows whose answers are worst, by their numbers in the file.

Shapes: N rows, C classes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from nested_lightning.app.multi_feature.batch import FeatureBatch
from nested_lightning.app.multi_feature.objectives.predictions import (
    ClassPredictions,
    LabelPredictions,
    NumberPredictions,
    SeveralPredictions,
)
from nested_lightning.app.multi_feature.predict import MultiFeaturePredictor
from nested_lightning.app.report.charts import Axes, Series, draw_chart
from nested_lightning.app.report.classes import class_blocks, order_blocks
from nested_lightning.app.report.contents import Block, Table, Text


@dataclass(kw_only=True, eq=False)
class AnsweredClasses:
    """Classes of a column, true ones by index, int64 of [N]."""

    column: str
    target: Tensor
    predictions: ClassPredictions
    error_name = "is wrong"

    @property
    def true(self) -> Sequence[str]:
        """The true class of each row."""
        return [self.predictions.class_names[index] for index in self.target.tolist()]

    @property
    def errors(self) -> Sequence[float]:
        """1 where a row is taken for another class."""
        return (torch.as_tensor(self.predictions.indices) != self.target).double().tolist()

    def blocks(self, where: str) -> Sequence[Block]:
        """Return ROC, precision and recall, calibration."""
        probabilities = self.predictions.probabilities.numpy()
        return class_blocks(
            self.target.numpy(), probabilities, self.predictions.class_names, f"{self.column}, {where}"
        )

    def worst(self, numbers: Sequence[int], where: str, *, most: int) -> Block:
        """Return rows of a wrong class, those of the surest answers first."""
        answers, true, errors = self.predictions.classes, self.true, self.errors
        probability = self.predictions.probabilities
        of_true = probability.gather(1, self.target[:, None])[:, 0].tolist()
        surest = probability.gather(1, torch.as_tensor(self.predictions.indices)[:, None])[:, 0].tolist()
        wrong = sorted((i for i in range(len(true)) if errors[i]), key=lambda i: of_true[i])
        if not wrong:
            return Text(text=f"No row is taken for a wrong class: {self.column}, {where}.")
        return Table(
            title=f"Wrong classes of {self.column}, {where}",
            columns=["row of the file", "true", "predicted", "its probability", "that of the true one"],
            rows=[[numbers[i], true[i], answers[i], surest[i], of_true[i]] for i in wrong[:most]],
            note=f"{min(most, len(wrong)):,} of {len(wrong):,} wrong rows: least probable truth first.",
        )


@dataclass(kw_only=True, eq=False)
class AnsweredLabels:
    """Sets of labels of a column, the true ones as bool of [N, K]."""

    target: Tensor
    predictions: LabelPredictions
    error_name = "share of wrong labels"

    @property
    def true(self) -> Sequence[str]:
        """The labels of each row, in one text."""
        return self.predictions.target.decode(self.target)

    @property
    def errors(self) -> Sequence[float]:
        """The share of labels that a row lacks or has too many."""
        return self._wrong.double().mean(dim=1).tolist()

    @property
    def _wrong(self) -> Tensor:
        return (self.predictions.probabilities >= self.predictions.threshold) != self.target

    def blocks(self, where: str) -> Sequence[Block]:
        """Return ROC, precision and recall of each label."""
        target, probabilities = self.predictions.target, self.predictions.probabilities.numpy()
        place = f"{target.column}, {where}"
        return order_blocks(self.target.numpy(), probabilities, target.names, place, of="each label")

    def worst(self, numbers: Sequence[int], where: str, *, most: int) -> Block:
        """Return the rows with most wrong labels; of as many, those with the surest ones first."""
        target, probabilities, wrong = self.predictions.target, self.predictions.probabilities, self._wrong
        surest = (probabilities - self.target.to(probabilities)).abs().amax(dim=1).tolist()
        counts = wrong.sum(dim=1).tolist()
        order = sorted((i for i, count in enumerate(counts) if count), key=lambda i: (-counts[i], -surest[i]))
        if not order:
            return Text(text=f"No row has a wrong label: {target.column}, {where}.")
        missed, added = wrong & self.target, wrong & ~self.target
        texts = [target.decode(flags[order[:most]]) for flags in (self.target, missed, added)]
        rows = zip(order, *texts, strict=False)
        return Table(
            title=f"Wrong labels of {target.column}, {where}",
            columns=[
                "row of the file",
                "true",
                "missed",
                "wrongly given",
                "wrong labels",
                "farthest probability",
            ],
            rows=[[numbers[i], *cells, counts[i], surest[i]] for i, *cells in rows],
            note=f"{min(most, len(order)):,} of {len(order):,} wrong rows: most wrong labels first.",
        )


@dataclass(kw_only=True, eq=False)
class AnsweredNumbers:
    """Numbers of a column, in the units of the file."""

    column: str
    true: Sequence[float]
    predictions: NumberPredictions
    error_name = "distance from the true number"

    @property
    def errors(self) -> Sequence[float]:
        """How far each answer is from the truth."""
        return np.abs(self._residuals).tolist()

    @property
    def _residuals(self) -> Any:
        return self.predictions.values.numpy() - np.asarray(self.true, dtype=float)

    def blocks(self, where: str) -> Sequence[Block]:
        """Return residuals over what is true, and how often they are how large."""
        residuals, place = self._residuals, f"{self.column}, {where}"
        points = Series(xs=list(self.true), ys=residuals.tolist(), is_line=False)
        counts, edges = np.histogram(residuals[np.isfinite(residuals)], bins=30)
        middles = ((edges[:-1] + edges[1:]) / 2).tolist()
        return [
            draw_chart(
                f"Residuals of {place}",
                {"predicted minus true": points},
                Axes(x=f"true {self.column}", y="predicted minus true"),
                has_table=False,
            ),
            draw_chart(
                f"Distribution of the residuals of {place}",
                {"rows": Series(xs=middles, ys=counts.astype(float).tolist())},
                Axes(x="predicted minus true", y="rows"),
            ),
        ]

    def worst(self, numbers: Sequence[int], where: str, *, most: int) -> Block:
        """Return the rows whose numbers are farthest from the truth."""
        values, residuals = self.predictions.values.tolist(), self._residuals
        order = np.argsort(-np.abs(residuals))[:most].tolist()
        return Table(
            title=f"Numbers of {self.column} that are farthest from the truth, {where}",
            columns=["row of the file", "true", "predicted", "predicted minus true"],
            rows=[[numbers[i], float(self.true[i]), values[i], float(residuals[i])] for i in order],
        )


Answered = AnsweredClasses | AnsweredLabels | AnsweredNumbers


def answered_columns(predictor: MultiFeaturePredictor, rows: FeatureBatch) -> list[Answered]:
    """Return what is answered for each column of classes, numbers or sets of labels."""
    spec, said = predictor.data_spec, predictor.predict(rows)
    targets, truth = spec.targets, spec.truths(rows.target)
    by_column = said.by_column if isinstance(said, SeveralPredictions) else {next(iter(targets)): said}
    found: list[Answered] = []
    for name, one in by_column.items():
        if isinstance(one, ClassPredictions):
            found.append(AnsweredClasses(column=name, target=truth[name].cpu(), predictions=one))
        elif isinstance(one, LabelPredictions):
            found.append(AnsweredLabels(target=truth[name].cpu() > 0, predictions=one))
        elif isinstance(one, NumberPredictions):
            true = [float(value) for value in targets[name].decode(truth[name])]
            found.append(AnsweredNumbers(column=name, true=true, predictions=one))
    return found
