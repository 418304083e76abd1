"""Folds within the rows that don't test, to choose settings by."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from nested_lightning.app.data.splits import Split, Splitter
from nested_lightning.app.data.stratified import Rows


@dataclass(frozen=True, kw_only=True)
class InnerFoldSplitter:
    """Keeps the test part of one split, and has the test part of another, of all other rows, validate."""

    outer: Splitter
    inner: Splitter

    @property
    def reserved_columns(self) -> tuple[str, ...]:
        """Those of both."""
        return tuple(dict.fromkeys((*self.outer.reserved_columns, *self.inner.reserved_columns)))

    @property
    def min_class_size(self) -> int:
        """A class needs samples for both."""
        return self.outer.min_class_size + self.inner.min_class_size

    def __call__(self, labels: Rows, table: pa.Table, /) -> Split:
        """Split twice."""
        outer = self.outer(labels, table)
        rest = np.sort(np.concatenate([outer.train, outer.val]))
        inner = self.inner(labels[rest], table.take(pa.array(rest)))
        return Split(rest[inner.train], rest[inner.test], outer.test)
