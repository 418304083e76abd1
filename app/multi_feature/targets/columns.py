"""Columns to predict, as they were read and before a model knows of them.

Shapes: N rows.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal, Self, TypeAlias

import numpy as np
import pyarrow as pa
from pyarrow import compute

from nested_lightning.app.data.stratified import Rows
from nested_lightning.app.errors import RowError, UserError, did_you_mean, name_list
from nested_lightning.app.multi_feature.targets.specs import (
    ClassTarget,
    CountTarget,
    LabelTarget,
    NumberTarget,
    encode_label_sets,
    refuse_other_than_counts,
)
from nested_lightning.app.tables.column_values import Numbers, is_missing
from nested_lightning.app.tables.labels import check_class_sizes, encode_labels, find_class_names
from nested_lightning.app.tables.sample_columns import Flags

LACKS_ROWS = "choose another multi_feature.data.split, or add rows"


@dataclass(frozen=True, kw_only=True)
class _Column:
    """What columns of every kind have in common."""

    name: str
    values: Any

    @property
    def is_missing(self) -> Flags:
        """Bool of [N]."""
        return is_missing(self.values)

    def keep(self, rows: Flags) -> Self:
        """Return the rows that are True in ``rows``, bool of [N]."""
        is_array = isinstance(self.values, np.ndarray)
        return replace(self, values=self.values[rows] if is_array else self.values.filter(pa.array(rows)))


@dataclass(frozen=True, kw_only=True)
class ClassColumn(_Column):
    """A column of classes.

    Attributes:
        name: The column's name.
        kind: ``classes``, or ``binary`` for two.
        values: Text of [N], null where missing.
        positive: The class that is the positive one of two; None: the second in order.
        known: The classes of a trained model, in order; None: those of the column.
    """

    kind: Literal["classes", "binary"]
    values: pa.StringArray
    positive: str | None = None
    known: tuple[str, ...] | None = None

    @property
    def advice(self) -> str:
        """What helps where cells are empty: of cells that seem to hold several labels, a setting."""
        counts = {sign: compute.sum(compute.match_substring(self.values, sign)).as_py() for sign in ";|,"}
        sign = max(counts, key=lambda one: counts[one] or 0)
        if not counts[sign]:
            return ""
        return (
            "; where a cell holds any number of labels, also none, set"
            f" multi_feature.data.label_separator, perhaps to '{sign}'"
        )

    @cached_property
    def class_names(self) -> tuple[str, ...]:
        """The classes, in order; of two, the positive one is the second.

        Raises:
            UserError: There are fewer than two, other than two where two are wanted, or no ``positive`` one.
        """
        if self.known:
            return self.known
        names = find_class_names(self.values)
        if self.kind == "binary" and len(names) != 2:
            raise UserError(
                f"multi_feature.objective.kind=binary needs 2 classes, and column '{self.name}' holds"
                f" {len(names)}: {name_list(names)}; kind=classes takes any number"
            )
        if self.kind == "classes" or self.positive is None:
            return names
        if self.positive not in names:
            raise UserError(
                f"multi_feature.data.positive: column '{self.name}' holds no '{self.positive}'"
                f"{did_you_mean(self.positive, names)} (there are {name_list(names)})"
            )
        return (*(name for name in names if name != self.positive), self.positive)

    @cached_property
    def _indices(self) -> Rows:
        return encode_labels(self.values, self.class_names)

    def strata(self, min_size: int) -> Rows:
        """Return the class of each row, int64 of [N], by which a split shares rows out.

        Raises:
            UserError: A class has fewer rows than ``min_size``; or see `class_names` and `ClassTarget`.
        """
        check_class_sizes(self._indices, self.class_names, min_size)
        return self._indices

    def fit(self, train: Rows) -> ClassTarget:
        """Return what a model must know of the column, by the rows ``train``.

        Raises:
            UserError: A class has no row among them.
        """
        names = self.class_names
        counts = np.bincount(self._indices[train], minlength=len(names)).tolist()
        if lacking := [name for name, count in zip(names, counts, strict=True) if count == 0]:
            raise UserError(
                f"the training part has no row of class {name_list(lacking)}; see multi_feature.data.split"
            )
        return ClassTarget(kind=self.kind, column=self.name, names=names, counts=tuple(counts))


@dataclass(frozen=True, kw_only=True)
class NumberColumn(_Column):
    """A column of numbers, or of counts.

    Attributes:
        name: The column's name.
        kind: ``number``, or ``counts``.
        values: float64 of [N], NaN where missing.
    """

    kind: Literal["number", "counts"]
    values: Numbers

    def fit(self, train: Rows) -> NumberTarget | CountTarget:
        """Return what a model must know of the column, by the rows ``train``.

        Raises:
            UserError: All of them hold the same, or something else than counts where these are wanted.
        """
        known = self.values[train]
        if len(known) and known.min() == known.max():
            raise UserError(_constant(self.name, f"{known[0]:g}"))
        if self.kind == "number":
            return NumberTarget(column=self.name, mean=float(known.mean()), scale=float(known.std()))
        refuse_other_than_counts(self.values, self.name)
        return CountTarget(column=self.name, mean=float(known.mean()))


@dataclass(frozen=True, kw_only=True)
class LabelColumn(_Column):
    """A column of sets of labels.

    Attributes:
        name: The column's name.
        values: Lists of text, of [N], null where missing.
        separator: What stood between the labels of a cell; None: cells are lists.
    """

    values: pa.ListArray
    separator: str | None = None

    def fit(self, train: Rows) -> LabelTarget:
        """Return what a model must know of the column, by the rows ``train``.

        Raises:
            UserError: There is no label at all, or one that none of these rows has, or all have the same.
        """
        names = tuple(sorted(compute.unique(self.values.flatten()).to_pylist()))
        if not names:
            raise UserError(f"column '{self.name}' holds no label at all; check multi_feature.data.label")
        encoded = encode_label_sets(self.values, names, self.name)
        counts = encoded[train].sum(axis=0).astype(int)
        if not counts.all():
            first = int(np.argmin(counts))
            raise RowError(
                f"column '{self.name}': the training part has no row with the label '{names[first]}', which"
                f" is first in row {{row}}; {LACKS_ROWS}, or leave the label out",
                row=int(encoded[:, first].argmax()),
            )
        if (counts == len(train)).all():
            raise UserError(_constant(self.name, name_list(names)))
        return LabelTarget(
            column=self.name,
            names=names,
            counts=tuple(counts.tolist()),
            num_rows=len(train),
            separator=self.separator,
        )


def _constant(column: str, value: str) -> str:
    return (
        f"column '{column}' holds {value} in every row of the training part, from which nothing can be"
        f" learnt; check multi_feature.data.label, or {LACKS_ROWS}"
    )


TargetColumn: TypeAlias = ClassColumn | NumberColumn | LabelColumn
