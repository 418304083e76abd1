"""Class names and class indices of a label column, and sets of labels in its cells."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import compute

from nested_lightning.app.errors import UserError, counted, did_you_mean, name_list
from nested_lightning.app.tables.column_values import (
    is_missing,
    is_number,
    is_text,
    plain_column,
    text_values,
)

Indices = npt.NDArray[np.int64]
_WHOLE_NUMBER = re.compile(r"[+-]?\d{1,1000}")


def find_label(table: pa.Table, label: str | None) -> pa.ChunkedArray:
    """Return the column that is to be predicted.

    Raises:
        UserError: No label is named, or there is no such column; the message lists the columns.
    """
    columns = table.column_names
    if label is None:
        raise UserError(
            "which column is to be predicted? Name it with multi_feature.data.label;"
            f" there are {name_list(columns)}"
        )
    if label not in columns:
        raise UserError(
            f"there is no label column '{label}'{did_you_mean(label, columns) or ';'} there are"
            f" {name_list(columns)} (the first line must hold the columns' names);"
            " set multi_feature.data.label"
        )
    return table.column(label)


def label_values(column: pa.ChunkedArray) -> pa.StringArray:
    """Return labels as text, null where missing."""
    labels = text_values(column)
    _tell_of_one_number_written_twice(plain_column(column), labels)
    return labels


def _tell_of_one_number_written_twice(column: pa.ChunkedArray, labels: pa.StringArray) -> None:
    if not is_text(column.type):
        return
    written = compute.utf8_trim_whitespace(column)
    others = compute.unique(written.filter(compute.not_equal(written, labels))).drop_null().to_pylist()
    names = set(compute.unique(labels).to_pylist())
    if twice := [text for text in others if text.partition(".")[0] in names & set(written.to_pylist())]:
        warnings.warn(
            f"labels that are one number written in two ways are one class: {name_list(twice)}", stacklevel=4
        )


def find_class_names(labels: pa.StringArray) -> tuple[str, ...]:
    """Return the distinct labels: in the order of numbers if all are whole numbers, else of text.

    Raises:
        UserError: There are fewer than two.
    """
    names = [name for name in compute.unique(labels).to_pylist() if name is not None]
    if len(names) < 2:
        found = f"only '{names[0]}'" if names else "no label at all"
        raise UserError(
            f"at least 2 classes are needed, and the label column holds {found};"
            " check multi_feature.data.label"
        )
    is_whole = all(_WHOLE_NUMBER.fullmatch(name) for name in names)
    if not is_whole and all(map(is_number, names)):
        warnings.warn(
            f"the labels are numbers with fractions, and each of the {len(names):,} becomes a class; what"
            " estimates numbers is multi-feature with the objective number",
            stacklevel=3,
        )
    return tuple(sorted(names, key=lambda name: (int(name), name)) if is_whole else sorted(names))


def encode_labels(labels: pa.StringArray, class_names: Sequence[str]) -> Indices:
    """Return the index in ``class_names`` of each label, int64 of [N].

    Raises:
        UserError: A label is missing or no class.
    """
    refuse_missing_labels(is_missing(labels), what="the label")
    codes = compute.index_in(labels, value_set=pa.array(class_names, pa.string()))
    if codes.null_count:
        unknown = compute.unique(labels.filter(codes.is_null())).to_pylist()
        raise UserError(
            f"the label column holds {name_list(unknown)}, which the model does not know; its classes are"
            f" {name_list(class_names, limit=20)}"
        )
    indices: Indices = codes.cast(pa.int64()).to_numpy().copy()
    return indices


def refuse_missing_labels(missing: npt.NDArray[np.bool_], *, what: str, advice: str = "") -> None:
    """Refuse rows without a label, True in ``missing`` of [N]; ``what`` is the label in words.

    Raises:
        UserError: Counts such rows and names the first.
    """
    if missing.any():
        raise UserError(
            f"{what} is missing (empty, NA, NaN, null or ?) in {counted(int(missing.sum()), 'row')}, first"
            f" in row {missing.argmax() + 1:,}; put it in, remove the row, or set"
            f" multi_feature.data.missing=drop (a class that is called so needs another name){advice}"
        )


def check_class_sizes(indices: Indices, class_names: Sequence[str], min_size: int) -> None:
    """Refuse classes of fewer than ``min_size`` samples, which the split cannot share out."""
    counts = np.bincount(indices, minlength=len(class_names)).tolist()
    sizes = dict(zip(class_names, counts, strict=True))
    small = {name: size for name, size in sizes.items() if 0 < size < min_size}
    if not small:
        return
    hint = ""
    if 2 * len(small) > len(sizes):
        hint = ". If the label is a measurement and no class, choose another with multi_feature.data.label"
    raise UserError(
        f"this split needs {counted(min_size, 'sample')} of each class, and there are fewer of"
        f" {name_list(small)}: add samples, remove these classes, or choose another"
        f" multi_feature.data.split (fewer folds, or a column that says where each row belongs){hint}"
    )


def is_list(kind: pa.DataType) -> bool:
    """Return whether ``kind`` is one of Arrow's types of lists."""
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind))


def label_sets(column: pa.ChunkedArray, separator: str | None) -> pa.ListArray:
    """Return the labels of each row as text, of [N], without surrounding space and empty ones.

    An empty text is a row without labels; null is a missing one.

    Args:
        column: Lists, or text with labels that a ``separator`` divides.
        separator: Stands between labels; None: each text is a label.

    Raises:
        UserError: It holds neither.
    """
    column = plain_column(column)
    if not is_list(column.type):
        if not is_text(column.type):
            raise UserError(f"a column of type {column.type} holds no labels")
        column = compute.split_pattern(column, separator) if separator else _each_in_a_list(column)
    lists = column.cast(pa.list_(pa.string())).combine_chunks()
    lists = lists.chunk(0) if isinstance(lists, pa.ChunkedArray) else lists
    return pa.array([_clean(cell) for cell in lists.to_pylist()], pa.list_(pa.string()))


def _each_in_a_list(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array([None if x is None else [x] for x in column.to_pylist()])])


def _clean(cell: list[str | None] | None) -> list[str] | None:
    if cell is None:
        return None
    return sorted({label.strip() for label in cell if label is not None and label.strip()})
