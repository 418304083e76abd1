"""Predictions for rows, in the units and names of the file that the composite learnt from.

Shapes: N rows, C classes, K labels, Q quantiles.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from nested_lightning.app.errors import name_list
from nested_lightning.app.multi_feature.targets.several import AnyTarget, SeveralTargets
from nested_lightning.app.multi_feature.targets.specs import ClassTarget, LabelTarget

Values: TypeAlias = Any
"""A tensor of torch's on the CPU, or an array where an exported model computed it."""


@dataclass(frozen=True, kw_only=True)
class TabularAnswers:
    """Answers that are a table; libraries of data frames take them as they are, by Arrow's protocol.

    Attributes:
        index: The index of the data frame of pandas that was given; None: it was something else.
    """

    index: Any = field(default=None, repr=False, compare=False)

    @property
    def notes(self) -> list[str]:
        """What stands out in them, a sentence each."""
        return []

    @abstractmethod
    def __len__(self) -> int:
        """Return the number of rows."""

    @abstractmethod
    def to_table(self) -> pa.Table:
        """Return a row for each row that was given, in their order."""

    def to_records(self) -> list[dict[str, Any]]:
        """Return the rows of `to_table`."""
        table = self.to_table()
        columns = [column.to_numpy() for column in table.columns]
        return [dict(zip(table.column_names, row, strict=True)) for row in zip(*columns, strict=True)]

    def to_pandas(self) -> Any:
        """Return the same as a data frame of pandas, on the index of the one that was given."""
        frame = self.to_table().to_pandas()
        if self.index is not None:
            frame.index = self.index
        return frame

    def __arrow_c_stream__(self, requested_schema: object = None) -> Any:
        """Hand the table over, as in ``polars.DataFrame(answers)`` or ``pyarrow.table(answers)``."""
        return self.to_table().__arrow_c_stream__(requested_schema)


@dataclass(frozen=True, kw_only=True)
class ClassPredictions(TabularAnswers):
    """A classifier's predictions for some rows.

    Attributes:
        class_names: Names of the C classes.
        probabilities: [N, C], float32; each row sums to 1.
        threshold: Of two classes, the probability from which on the answer is the second one; None: the most
            probable class is the answer.
    """

    class_names: tuple[str, ...]
    probabilities: Values
    threshold: float | None = None

    @property
    def indices(self) -> npt.NDArray[np.int64]:
        """Index of the class that each row is taken for, [N]."""
        probabilities = np.asarray(self.probabilities)
        if self.threshold is None:
            return probabilities.argmax(axis=1)
        return (probabilities[:, 1] >= self.threshold).astype(np.int64)

    @property
    def notes(self) -> list[str]:
        """Which classes no row is taken for."""
        taken = set(self.indices.tolist())
        never = [name for index, name in enumerate(self.class_names) if index not in taken]
        return [f"no row is taken for the class {name_list(never)}"] if never else []

    @property
    def classes(self) -> list[str]:
        """The class that each row is taken for."""
        return [self.class_names[i] for i in self.indices.tolist()]

    def __len__(self) -> int:
        return len(self.probabilities)

    def to_table(self) -> pa.Table:
        """Return the columns ``prediction`` and ``probability_NAME`` for each class."""
        return pa.table({"prediction": self.classes, **_probabilities(self.class_names, self.probabilities)})


@dataclass(frozen=True, kw_only=True)
class NumberPredictions(TabularAnswers):
    """Numbers in the units of the file, float64 of [N], and quantiles by their level in (0, 1)."""

    values: Values
    quantiles: Mapping[float, Values]

    def __len__(self) -> int:
        return len(self.values)

    def to_table(self) -> pa.Table:
        """Return the columns ``prediction`` and ``quantile_LEVEL``, e.g. ``quantile_0.05``."""
        quantiles = {f"quantile_{level:g}": np.asarray(values) for level, values in self.quantiles.items()}
        return pa.table({"prediction": np.asarray(self.values), **quantiles})


@dataclass(frozen=True, kw_only=True)
class LabelPredictions(TabularAnswers):
    """Sets of labels.

    Attributes:
        target: The K labels.
        probabilities: [N, K], float32, each for itself.
        threshold: Probability from which on a row has a label.
    """

    target: LabelTarget
    probabilities: Values
    threshold: float

    @property
    def labels(self) -> list[list[str]]:
        """The labels of each row."""
        return self.target.sets(self.probabilities >= self.threshold)

    def __len__(self) -> int:
        return len(self.probabilities)

    def to_table(self) -> pa.Table:
        """Return the columns ``prediction``, labels in one text, and ``probability_NAME`` for each label."""
        texts = [self.target.joined(row) for row in self.labels]
        return pa.table({"prediction": texts, **_probabilities(self.target.names, self.probabilities)})


@dataclass(frozen=True, kw_only=True)
class SeveralPredictions(TabularAnswers):
    """Predictions of several columns."""

    by_column: Mapping[str, TabularAnswers]

    @property
    def notes(self) -> list[str]:
        """What stands out in any of them, with the column's name."""
        return [f"{note} ({name})" for name, one in self.by_column.items() for note in one.notes]

    def __len__(self) -> int:
        return len(next(iter(self.by_column.values())))

    def to_table(self) -> pa.Table:
        """Return the columns of each with the column's name before theirs, e.g. ``price_prediction``."""
        tables = {name: one.to_table() for name, one in self.by_column.items()}
        return pa.table(
            {
                f"{name}_{column}": table.column(column)
                for name, table in tables.items()
                for column in table.column_names
            }
        )


def predictions_of(target: AnyTarget, answers: Any, decoding: Mapping[str, Any]) -> Any:
    """Return what a composite says of N rows.

    Args:
        target: What was predicted.
        answers: What its objective decodes, of [N, …]; of several columns, by their names.
        decoding: What else the objective knows: ``threshold`` of classes and labels, ``levels`` of numbers;
            of several columns, by their names.
    """
    if isinstance(target, SeveralTargets):
        each = {
            name: predictions_of(one, answers[name], decoding[name]) for name, one in target.targets.items()
        }
        return SeveralPredictions(by_column=each)
    if isinstance(target, ClassTarget):
        return ClassPredictions(class_names=target.names, probabilities=answers, **decoding)
    if isinstance(target, LabelTarget):
        return LabelPredictions(target=target, probabilities=answers, **decoding)
    quantiles = {level: answers[:, i] for i, level in enumerate(decoding.get("levels", ()), start=1)}
    return NumberPredictions(values=answers[:, 0], quantiles=quantiles)


def _probabilities(names: tuple[str, ...], probabilities: Values) -> dict[str, Any]:
    return {f"probability_{name}": np.asarray(probabilities[:, i]) for i, name in enumerate(names)}
