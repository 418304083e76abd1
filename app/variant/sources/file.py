"""A user's own sequences: a JSONL or Parquet file with inputs and labels."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa

from nested_lightning.app.data.splits import Splitter
from nested_lightning.app.errors import UserError, errors_naming
from nested_lightning.app.tables.labels import find_class_names
from nested_lightning.app.variant.sources.fields import encode_labels, find_kind, read_inputs, read_labels
from nested_lightning.app.variant.sources.records import (
    InputKind,
    Labels,
    Origin,
    RawSequence,
    Scaling,
    SequenceRecords,
    SourceContent,
)
from nested_lightning.app.variant.sources.rows import Row, read_rows
from nested_lightning.app.variant.windows import check_window

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class SequenceFile:
    """Sequences of a file, one to a line or row.

    A line is a JSON object with ``text`` (a string), ``tokens`` (a list of strings) or ``vectors`` (a list of
    lists of numbers, all of one length); and with ``labels``, one for each step, or ``label``, one for the
    sequence. In Parquet these are columns. A further field can say which part a line belongs to, see
    `ColumnSplitter`.

    Args:
        path: The file; None: the one of ``variant.data.path``.
        type: What the sequences consist of; None: what the first line has.
        classes: The classes in order; None: those that occur in the file.
        window, margin: Of sequences with a label for each step, see `cut_windows`.
        scaling: How vectors are standardised.
    """

    path: Path | None = None
    type: InputKind | None = None
    classes: Sequence[str] | None = None
    window: int | None = None
    margin: int = 0
    scaling: Scaling = "each"

    def __post_init__(self) -> None:
        check_window(self.window, self.margin)

    def at(self, path: Path) -> "SequenceFile":
        """Return the same with another file."""
        return replace(self, path=path)

    def __call__(
        self, variant: str, splitter: Splitter, class_names: tuple[str, ...] | None
    ) -> SourceContent:
        """Read, check and split the file."""
        if self.path is None:
            raise UserError(f"variant '{variant}': no file is named")
        rows, named = read_rows(self.path, variant), f"{self.path} (variant '{variant}')"
        kind = self.type or _of_each(rows[:1], find_kind)[0]
        inputs = _read_all_inputs(rows, kind)
        labels = _of_each(rows, read_labels, map(len, inputs))
        has_step_labels = _have_step_labels(rows, labels)
        with errors_naming(named):
            names = class_names or (tuple(self.classes) if self.classes else _find_classes(labels))
        encoded = _of_each(rows, lambda _, label: encode_labels(label, names), labels)
        with errors_naming(named):
            split = splitter(_strata(encoded, has_step_labels), _plain_columns(rows))
        origins = [Origin(row.file.name, row.number) for row in rows]
        records = SequenceRecords(inputs=inputs, labels=encoded, origins=origins)
        return SourceContent(
            kind=kind,
            class_names=names,
            has_step_labels=has_step_labels,
            parts=records.split(split),
            window=self.window,
            margin=self.margin,
            scaling=self.scaling,
        )


def _read_all_inputs(rows: Sequence[Row], kind: InputKind) -> list[RawSequence]:
    (first,) = _of_each(rows[:1], partial(read_inputs, kind=kind))
    width = first.shape[1] if isinstance(first, np.ndarray) else None
    return [first, *_of_each(rows[1:], partial(read_inputs, kind=kind, width=width))]


def _of_each(rows: Sequence[Row], read: Callable[..., T], *given: Iterable[Any]) -> list[T]:
    """Return what is read of each row, which errors name."""
    found = []
    for row, *more in zip(rows, *given, strict=True):
        with errors_naming(row.named):
            found.append(read(row.values, *more))
    return found


def _have_step_labels(rows: Sequence[Row], labels: Sequence[list[str] | str]) -> bool:
    is_list = [isinstance(label, list) for label in labels]
    if len(set(is_list)) > 1:
        odd = is_list.index(not is_list[0])
        said = "has 'labels' where other lines have 'label', or the other way round"
        raise UserError(f"{rows[odd].named}: {said}")
    return is_list[0]


def _find_classes(labels: Sequence[list[str] | str]) -> tuple[str, ...]:
    names: set[str] = set()
    for label in labels:
        names.update([label] if isinstance(label, str) else label)
    if len(names) < 2:
        raise UserError(f"at least 2 classes are needed, and all labels are '{names.pop()}'")
    return find_class_names(pa.array(sorted(names), pa.string()))


def _strata(labels: Sequence[Labels], has_step_labels: bool) -> Labels:
    """Return what a random split is stratified by: labels of sequences, if each is frequent enough."""
    if has_step_labels:
        return np.zeros(len(labels), dtype=np.int64)
    strata = np.concatenate(labels)
    return strata if min(Counter(strata.tolist()).values()) >= 3 else np.zeros_like(strata)


def _plain_columns(rows: Sequence[Row]) -> pa.Table:
    """Return the fields of text, of which one may say which part a row belongs to."""
    names = {name for row in rows for name, value in row.values.items() if isinstance(value, str)}
    return pa.table(
        {
            name: pa.array(
                [value if isinstance(value := row.values.get(name), str) else None for row in rows]
            )
            for name in sorted(names - {"text", "label"})
        }
    )
