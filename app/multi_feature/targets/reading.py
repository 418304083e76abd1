"""From a table to the columns that are to be predicted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import get_args

import numpy as np
import pyarrow as pa
from torch import Tensor

from nested_lightning.app.data.stratified import Rows
from nested_lightning.app.errors import UserError, did_you_mean
from nested_lightning.app.multi_feature.targets.columns import (
    ClassColumn,
    LabelColumn,
    NumberColumn,
    TargetColumn,
)
from nested_lightning.app.multi_feature.targets.guessing import (
    Guess,
    guess_kind,
    note_idle_separator,
    note_written,
    read_numbers,
)
from nested_lightning.app.multi_feature.targets.several import AnyTarget, SeveralTargets, targets_by_column
from nested_lightning.app.multi_feature.targets.specs import ClassTarget, Kind, LabelTarget, Target
from nested_lightning.app.tables.column_values import Numbers
from nested_lightning.app.tables.labels import find_label, label_sets, label_values, refuse_missing_labels
from nested_lightning.app.tables.sample_columns import Flags

KINDS: Mapping[str, Kind] = {name: name for name in get_args(Kind)}


@dataclass(frozen=True, kw_only=True)
class WantedTarget:
    """Settings of the columns to predict, before they have been read.

    Attributes:
        kinds: Kind of the objective of each column, by its name; where it is none of `KINDS`, as ``auto`` is,
            the column decides. Empty: nobody named one.
        is_several: Whether a model says several things of a row, be it that there is one column.
        positive: The class that counts as positive where there are two; None: the second in order.
        separator: Stands between the labels of a cell; None: cells of several labels are lists.
    """

    kinds: Mapping[str, str]
    is_several: bool = False
    positive: str | None = None
    separator: str | None = None


@dataclass(frozen=True, kw_only=True)
class TargetColumns:
    """The columns to predict; errors are those of each `TargetColumn`.

    Attributes:
        columns: Each of them.
        guesses: What each of them suggested where nobody said of which kind it is, by its name.
        is_several: See `WantedTarget`.
    """

    columns: Sequence[TargetColumn]
    guesses: Mapping[str, Guess] = field(default_factory=dict)
    is_several: bool = False

    @property
    def is_missing(self) -> Flags:
        """Bool of [N], whether any of them lacks a value."""
        return np.logical_or.reduce([one.is_missing for one in self.columns])

    def keep(self, rows: Flags) -> TargetColumns:
        """Return the rows that are True in ``rows``, bool of [N]."""
        kept = [one.keep(rows) for one in self.columns]
        return TargetColumns(columns=kept, guesses=self.guesses, is_several=self.is_several)

    def refuse_missing(self) -> None:
        """Refuse rows without a target."""
        for one in self.columns:
            advice = one.advice if isinstance(one, ClassColumn) else ""
            refuse_missing_labels(one.is_missing, what=f"the label '{one.name}'", advice=advice)

    def strata(self, min_size: int) -> Rows:
        """Return the class of each row, int64 of [N], of the first column that has classes; else 0."""
        found = [one.strata(min_size) for one in self.columns if isinstance(one, ClassColumn)]
        return found[0] if found else np.zeros(len(self.is_missing), dtype=np.int64)

    def fit(self, train: Rows) -> AnyTarget:
        """Return what a model must know of them, by the rows ``train``."""
        fitted = {one.name: one.fit(train) for one in self.columns}
        return SeveralTargets(targets=fitted) if self.is_several else next(iter(fitted.values()))

    def encode(self, target: AnyTarget) -> Tensor | dict[str, Tensor]:
        """Return what a batch has of them: of one column a tensor of [N] or [N, K], of several by name."""
        targets = targets_by_column(target).values()
        encoded = {one.name: each.encode(one.values) for one, each in zip(self.columns, targets, strict=True)}
        return encoded if self.is_several else next(iter(encoded.values()))


def read_targets(table: pa.Table, wanted: WantedTarget, known: AnyTarget | None = None) -> TargetColumns:
    """Read the columns that are to be predicted, as a trained model knows them if there is one.

    Raises:
        UserError: There is no such column, or it isn't what is wanted; with column, row and advice.
    """
    targets = list(targets_by_column(known).values()) if known is not None else [None] * len(wanted.kinds)
    columns: list[TargetColumn] = []
    guesses: dict[str, Guess] = {}
    for (name, wish), target in zip(wanted.kinds.items(), targets, strict=True):
        column = find_label(table, name)
        kind = target.kind if target else KINDS.get(wish)
        if kind is None:
            guesses[name] = guess_kind(column, name=name, separator=wanted.separator)
            kind = guesses[name].kind
        columns.append(_read(column, name, kind, wanted, target))
    if not columns:
        find_label(table, None)
    _refuse_idle(columns, wanted, known)
    return TargetColumns(columns=columns, guesses=guesses, is_several=wanted.is_several)


def _read(
    column: pa.ChunkedArray, name: str, kind: Kind, wanted: WantedTarget, known: Target | None
) -> TargetColumn:
    if kind == "labels":
        separator = known.separator if isinstance(known, LabelTarget) else wanted.separator
        if known is None:
            note_idle_separator(column, separator, name=name)
        return LabelColumn(name=name, values=label_sets(column, separator), separator=separator)
    if kind == "number" or kind == "counts":
        numbers = read_numbers(column, name=name)
        if known is None:
            note_written(column, numbers, name=name)
        return NumberColumn(name=name, kind=kind, values=numbers)
    names = known.names if isinstance(known, ClassTarget) else None
    return ClassColumn(
        name=name, kind=kind, values=label_values(column), positive=wanted.positive, known=names
    )


def _refuse_idle(columns: Sequence[TargetColumn], wanted: WantedTarget, known: AnyTarget | None) -> None:
    """Refuse a positive class where no column has two, and a separator where none has labels."""
    kinds = {one.name: "labels" if isinstance(one, LabelColumn) else one.kind for one in columns}
    said = {"positive": ("binary", wanted.positive), "label_separator": ("labels", wanted.separator)}
    for setting, (kind, value) in said.items():
        if known is None and value is not None and kind not in kinds.values():
            found = ", ".join(f"'{name}' is {one}" for name, one in kinds.items())
            raise UserError(
                f"multi_feature.data.{setting}={value} is for the objective {kind}, and {found}: leave it"
                " out, or set multi_feature.objective.kind"
            )


def read_weights(table: pa.Table, column: str) -> Numbers:
    """Return what each of N rows counts, float64 of [N], above 0.

    Raises:
        UserError: There is no such column, or a weight is missing or not above 0; the message names the row.
    """
    if column not in table.column_names:
        near = did_you_mean(column, table.column_names)
        raise UserError(f"multi_feature.data.weight: there is no column '{column}'{near}")
    weights = read_numbers(table.column(column), name=column)
    is_wrong = ~(weights > 0)  # NaN too
    if is_wrong.any():
        row = int(is_wrong.argmax())
        raise UserError(
            f"column '{column}' holds {weights[row]:g}, first in row {row + 1:,}; a row's weight must be a"
            " number above 0: correct it, or leave the row out of the file"
        )
    return weights
