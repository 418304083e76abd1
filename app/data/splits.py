"""Splits of a file's rows into training, validation and test parts."""

import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import compute

from nested_lightning.app.data.split_shares import ColumnReader, OneFold, Shares
from nested_lightning.app.data.stratified import Rows, stratified_split
from nested_lightning.app.errors import RowError, UserError, counted, did_you_mean, name_list
from nested_lightning.app.tables.column_values import text_values

PartName = Literal["train", "val", "test"]

PART_NAMES: dict[str, PartName] = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "dev"), "val"),
    **dict.fromkeys(("test", "testing"), "test"),
}


def note_given_parts(names: Iterable[str], *, setting: str) -> None:
    """Warn where ``names``, of folders or in a column, say which part is which, but ``setting`` doesn't."""
    given = sorted(name for name in names if name.lower() in PART_NAMES)
    if len({PART_NAMES[name.lower()] for name in given}) > 1:
        warnings.warn(
            f"{name_list(given)} are put together and split anew, as {setting} says; name one of them alone,"
            " or say by that setting what belongs where",
            stacklevel=3,
        )


@dataclass(frozen=True)
class Split:
    """Ascending row numbers of each part, from 0, without overlap."""

    train: Rows
    val: Rows
    test: Rows

    @property
    def parts(self) -> dict[PartName, Rows]:
        """The same by the part's name."""
        return {"train": self.train, "val": self.val, "test": self.test}


class Splitter(Protocol):
    """Decides which rows train, choose and test a model."""

    @property
    def reserved_columns(self) -> tuple[str, ...]:
        """Columns that the splitter reads, which are therefore no features."""

    @property
    def min_class_size(self) -> int:
        """Samples that each class must have."""

    def __call__(self, labels: Rows, table: pa.Table, /) -> Split:
        """Split the rows of ``table``, whose class indices are ``labels``, int64 of [N]."""


@dataclass(frozen=True, kw_only=True)
class RandomSplitter(Shares):
    """A random split in which each class has about the same share of every part.

    The shares are of all rows; a part that is not empty has at least as many rows as there are classes.

    Args:
        seed: Decides the split, at least 0.
    """

    seed: int = 0
    reserved_columns: ClassVar[tuple[str, ...]] = ()

    @property
    def min_class_size(self) -> int:
        """A class needs a sample for each part that is not empty."""
        return 1 + (self.val_fraction > 0) + (self.test_fraction > 0)

    def __call__(self, labels: Rows, _table: pa.Table, /) -> Split:
        """Draw the test part from all rows, then the validation part from the rest."""
        rows = np.arange(len(labels))
        rest, test = _stratified(rows, labels, self.test_fraction * len(rows), self.seed)
        train, val = _stratified(rest, labels, self.val_fraction * len(rows), self.seed)
        return Split(train, val, test)


@dataclass(frozen=True, kw_only=True)
class FoldSplitter(OneFold):
    """One of the splits of a stratified k-fold cross-validation.

    The test part is fold ``fold`` of scikit-learn's ``StratifiedKFold(num_folds, shuffle=True,
    random_state=seed)``, so over all folds every row is tested once. The rows that validate are stratified.

    Args:
        seed: Decides the folds, at least 0.
    """

    seed: int = 0
    reserved_columns: ClassVar[tuple[str, ...]] = ()

    @property
    def min_class_size(self) -> int:
        """A class needs a sample for each fold, and two outside every fold where some of them validate."""
        return 4 if self.num_folds == 2 and self.val_fraction > 0 else self.num_folds

    def __call__(self, labels: Rows, _table: pa.Table, /) -> Split:
        """Take the fold, then draw the validation part from the rest."""
        from sklearn.model_selection import StratifiedKFold  # half a second, only for cross-validation

        folds = StratifiedKFold(self.num_folds, shuffle=True, random_state=self.seed)
        rest, test = list(folds.split(np.zeros(len(labels)), labels))[self.fold]
        train, val = _stratified(rest, labels, self.val_fraction * len(rest), self.seed)
        return Split(train, val, test)


@dataclass(frozen=True, kw_only=True)
class ColumnSplitter(ColumnReader):
    """The split that a column of the file states.

    Args:
        column: Its values are ``train``, ``val`` (or ``valid``, ``validation``, ``dev``) and ``test``, in any
            case.
    """

    column: str = "split"
    min_class_size: ClassVar[int] = 1

    def __call__(self, _labels: Rows, table: pa.Table, /) -> Split:
        """Split the rows as the column says.

        Raises:
            UserError: There is no such column, or a cell says something else.
        """
        words = compute.utf8_lower(text_values(split_column(table, self.column)))
        known = compute.unique(words)
        unknown = [word or "" for word in known.to_pylist() if word not in PART_NAMES]
        if unknown:
            raise UserError(
                f"split column '{self.column}' holds {name_list(unknown)}; each row needs 'train', 'val' or"
                " 'test'"
            )
        parts = np.array([PART_NAMES[word] for word in known.to_pylist()])
        codes = compute.index_in(words, value_set=known).to_numpy()
        return Split(*(np.flatnonzero(parts[codes] == part) for part in ("train", "val", "test")))


@dataclass(frozen=True, kw_only=True)
class WholeFileSplitter:
    """Every row tests: for a model that has been trained on another file."""

    reserved_columns: ClassVar[tuple[str, ...]] = ()
    min_class_size: ClassVar[int] = 0

    def __call__(self, labels: Rows, _table: pa.Table, /) -> Split:
        """Put every row into the test part."""
        none = np.arange(0)
        return Split(none, none, np.arange(len(labels)))


@dataclass(frozen=True, kw_only=True)
class InnerFoldSplitter:
    """Keeps the test part of one split, and has the test part of another, of all other rows, validate.

    So settings are chosen by folds within the rows that don't test.
    """

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


def split_column(table: pa.Table, column: str) -> pa.ChunkedArray:
    """Return the column that a split goes by.

    Raises:
        UserError: There is none of that name.
    """
    if column not in table.column_names:
        near = did_you_mean(column, table.column_names)
        raise UserError(f"there is no split column '{column}'{near}; see data.split")
    return table.column(column)


def refuse_empty_cells(is_empty: npt.NDArray[np.bool_], column: str) -> None:
    """Refuse rows, True in ``is_empty`` of [N], that a split can't place."""
    if is_empty.any():
        raise RowError(
            f"split column '{column}' is empty in {counted(int(is_empty.sum()), 'row')}, first in row {{row}}"
            ": fill it in, or remove such rows",
            row=int(is_empty.argmax()),
        )


def _stratified(rows: Rows, labels: Rows, size: float, seed: int) -> tuple[Rows, Rows]:
    """Return the rows left, and about ``size`` rows drawn, in each class its share."""
    if size == 0:
        return rows, np.arange(0)
    count = max(round(size), len(np.unique(labels)))
    try:
        return stratified_split(rows, labels[rows], num_drawn=count, seed=seed)
    except ValueError as error:
        raise UserError(
            f"{len(labels):,} rows cannot be split as data.split says ({error}); use more rows,"
            " smaller fractions, or a split column"
        ) from None
