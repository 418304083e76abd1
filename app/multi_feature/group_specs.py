"""What a model must know of a group of columns of numbers, categories and dates.

Groups of other sorts are in `own_group_specs`. Every sort says what its extractor is given: ``width`` as
``in_features``, what is ``wired`` besides, and for each row a tensor of its ``layout``.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from math import prod
from typing import Annotated, Literal, NamedTuple, TypeAlias

import numpy as np
from pydantic import Field, FiniteFloat

from nested_lightning.app.data.data_spec import Facts
from nested_lightning.app.tables.column_values import Numbers
from nested_lightning.app.tables.number_block import slice_or_list

Sort: TypeAlias = Literal["date", "text", "tokens", "sequence", "picture"]
"""Of a column that is neither of numbers nor of categories; tokens are text, read by a tokenizer."""

Kind: TypeAlias = Literal["number", "boolean", "category"] | Sort
"""What the cells of a column are."""

DATE_FEATURES = ("elapsed", "year sin", "year cos", "week sin", "week cos", "day sin", "day cos")
"""Time that has elapsed, scaled, and where in the year, the week and the day it is."""

_LIMIT = 3.0
"""No clipped number is farther from the median, in spreads."""


class Layout(NamedTuple):
    """The shape of a row of a group in memory, and the type of its numbers."""

    shape: tuple[int, ...]
    dtype: Literal["float32", "int32", "uint8"] = "float32"

    @property
    def num_bytes(self) -> int:
        """Bytes of a row."""
        return prod(self.shape) * (1 if self.dtype == "uint8" else 4)


class Moments(NamedTuple):
    """How F columns are scaled, each by an entry of [F] or all alike, and where they become features.

    Attributes:
        mean: What is subtracted.
        scale: What the rest is divided by.
        limit: What no feature is above.
        features: Which features of the group they are.
    """

    mean: Numbers | float
    scale: Numbers | float
    limit: Numbers | float
    features: slice | list[int]

    def scaled(self, numbers: Numbers) -> Numbers:
        """Return numbers of [N, F] as features; clipped, none is above 3, and small ones stay as they are.

        The smooth clipping is that of RealMLP (Holzmüller et al. 2024, arXiv 2407.04491).
        """
        x = (numbers - self.mean) / self.scale
        clipped: Numbers = x / np.sqrt(1 + (x / self.limit) ** 2)
        return clipped


@dataclass(frozen=True, kw_only=True)
class ColumnSpec(Facts):
    """One column of the file and how it becomes numbers.

    Attributes:
        name: The column's name in the file.
        mean: What is subtracted: the median of the training part; 0 for a categorical column.
        scale: What the rest is divided by, see `centre_and_spread`; 1 for a categorical column.
        is_clipped: Whether numbers far from the median are then drawn in, see `Moments.scaled`. Before that,
            mean and standard deviation took the places of median and spread.
        categories: Values of a categorical column, one feature each; None for a numeric column.
        is_date: Whether its numbers are seconds since 1970, which become `DATE_FEATURES`.
        is_binary: Whether its numbers are 0 and 1 alone; False where they aren't clipped.
    """

    name: str
    mean: FiniteFloat = 0.0
    scale: Annotated[FiniteFloat, Field(gt=0)] = 1.0
    categories: tuple[str, ...] | None = None
    is_date: bool = False
    is_clipped: bool = False
    is_binary: bool = False

    @property
    def limit(self) -> float:
        """The largest value of a feature."""
        return _LIMIT if self.is_clipped else math.inf

    def scaled(self, numbers: Numbers) -> Numbers:
        """Return numbers of [N] as features, see `Moments.scaled`."""
        return Moments(self.mean, self.scale, self.limit, slice(None)).scaled(numbers)

    @property
    def width(self) -> int:
        """Number of features that the column becomes."""
        return len(self.feature_names)

    @property
    def kind(self) -> Kind:
        """What its cells are; ``boolean``: in the training, 0 and 1 alone, or false and true."""
        if self.is_date:
            return "date"
        if self.categories is not None:
            return "category"
        return "boolean" if self._is_flag else "number"

    @property
    def _is_flag(self) -> bool:
        """Whether its numbers were 0 and 1 alone; a deviation tells that as well."""
        if self.is_clipped:
            return self.is_binary
        if self.scale == 1.0:  # a constant
            return self.mean in (0.0, 1.0)
        return math.isclose(self.scale**2, self.mean * (1 - self.mean), rel_tol=1e-6)

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Names of these features."""
        if self.is_date:
            return tuple(f"{self.name} {part}" for part in DATE_FEATURES)
        return (self.name,) if self.categories is None else tuple(f"{self.name}={c}" for c in self.categories)


@dataclass(frozen=True, kw_only=True)
class GroupSpec(Facts):
    """A named group of columns, which one feature extractor reads."""

    name: str
    columns: Annotated[tuple[ColumnSpec, ...], Field(min_length=1)]
    sort: Literal["columns"] = "columns"

    @cached_property
    def column_names(self) -> tuple[str, ...]:
        """Names of the columns."""
        return tuple(column.name for column in self.columns)

    @cached_property
    def width(self) -> int:
        """Number of features of the group, F_g."""
        return sum(column.width for column in self.columns)

    @cached_property
    def places(self) -> dict[str, tuple[ColumnSpec, int]]:
        """Each column, and the first of its features, by name."""
        starts = accumulate((column.width for column in self.columns), initial=0)
        return {column.name: (column, start) for column, start in zip(self.columns, starts, strict=False)}

    def moments(self, names: Sequence[str]) -> Moments:
        """Return how columns of numbers are scaled that the group has in this order."""
        return self._all_moments if len(names) == len(self.columns) else self._moments(names)

    @cached_property
    def _all_moments(self) -> Moments:
        return self._moments(self.column_names)

    def _moments(self, names: Sequence[str]) -> Moments:
        columns = [self.places[name] for name in names]
        mean, scale, limit = np.array([(column.mean, column.scale, column.limit) for column, _ in columns]).T
        return Moments(mean, scale, limit, slice_or_list([start for _, start in columns]))

    @property
    def layout(self) -> Layout:
        """A row's features: float32 of [F_g]."""
        return Layout((self.width,))

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Names of the features: those of columns, and of their categories."""
        return tuple(name for column in self.columns for name in column.feature_names)

    @property
    def kinds(self) -> dict[str, Kind]:
        """What the cells of each column are, by its name."""
        return {column.name: column.kind for column in self.columns}

    @property
    def num_columns(self) -> dict[str, int]:
        """Number of columns of each sort, by its name."""
        num = Counter(self.kinds.values())
        num_numbers = num["number"] + num["boolean"]
        return {"number": num_numbers, "category column": num["category"], "date": num["date"]}

    @property
    def wired(self) -> dict[str, int]:
        """Further keywords of an extractor, besides ``in_features``: none."""
        return {}
