"""Columns that aren't read as numbers or categories: what they have in common, and dates.

Shapes: N rows.
"""

from __future__ import annotations

import warnings
from abc import abstractmethod
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from nested_lightning.app.errors import counted
from nested_lightning.app.multi_feature.group_specs import DATE_FEATURES, ColumnSpec
from nested_lightning.app.tables.column_values import ColumnValues, Numbers

PERIODS_S = (365.2425 * 86_400.0, 7 * 86_400.0, 86_400.0)
"""A year, a week and a day: what the phases of a date are of."""
Encoded = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class OwnColumn:
    """A column that knows how it is fitted and encoded: an array of Arrow's, of [N], null where missing."""

    name: str
    values: Any

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, rows: slice) -> Self:
        """Return some rows."""
        return replace(self, values=self.values[rows])

    def take(self, rows: Any) -> Self:
        """Return the rows of these numbers."""
        return replace(self, values=self.values.take(rows))

    def filter(self, rows: Any) -> Self:
        """Return the rows that are True in ``rows``, bool of [N]."""
        return replace(self, values=self.values.filter(rows))

    def drop_null(self) -> Self:
        """Return the rows that aren't missing."""
        return replace(self, values=self.values.drop_null())

    def is_null(self) -> pa.BooleanArray:
        """Return which rows are missing, bool of [N]."""
        return self.values.is_null()

    @abstractmethod
    def fit(self) -> Any:
        """Return what a model must know of the column, of which no row is missing: a spec."""

    @abstractmethod
    def encode(self, spec: Any) -> Encoded:
        """Return the rows as the spec's layout says, [N, …]."""

    def note(self, spec: Any) -> None:
        """Warn of what the training never saw: of nothing, where any value may be new."""


@dataclass(frozen=True, eq=False)
class DateColumn(OwnColumn):
    """Moments: seconds since 1970, float64 of [N]."""

    def fit(self) -> ColumnSpec:
        """Return median and spread of the time that has elapsed."""
        centre, spread = centre_and_spread(self.values.to_numpy())
        return ColumnSpec(name=self.name, mean=centre, scale=spread, is_date=True, is_clipped=True)

    def encode(self, spec: ColumnSpec) -> Encoded:
        """Return `DATE_FEATURES`, float32 of [N, 7]; all are 0 where the date is missing."""
        seconds: Numbers = self.values.to_numpy(zero_copy_only=False)
        angles = [2 * np.pi * seconds / period for period in PERIODS_S]
        cycles = [wave for angle in angles for wave in (np.sin(angle), np.cos(angle))]
        encoded = np.stack([spec.scaled(seconds), *cycles], axis=1)
        assert encoded.shape[1] == len(DATE_FEATURES)
        return np.nan_to_num(encoded, nan=0.0).astype(np.float32)


AnyColumn = ColumnValues | OwnColumn


def centre_and_spread(numbers: Numbers) -> tuple[float, float]:
    """Return the median of numbers, none missing, and the distance of their quartiles.

    Where that is 0, since most are the same, half of the whole range takes its place; 1 where all are.
    """
    low, first, median, third, high = map(float, np.quantile(numbers, (0, 0.25, 0.5, 0.75, 1)))
    return median, (third - first) or (high - low) / 2 or 1.0


def mean_and_scale(numbers: Numbers) -> tuple[float, float]:
    """Return mean and population standard deviation of numbers, none missing; 1 where they are constant."""
    if numbers.min() == numbers.max():  # rounding may give them a deviation that is not quite 0
        return float(numbers[0]), 1.0
    return float(numbers.mean()), float(numbers.std()) or 1.0


def note_rows(column: str, count: int, num_rows: int, what: str) -> None:
    """Warn of how many rows of a column are so, as ``what`` says, if any are."""
    if count:
        warnings.warn(f"column '{column}': {counted(count, 'row')} of {num_rows:,} {what}", stacklevel=3)
