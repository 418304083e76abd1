"""Sets of labels in the cells of a column: lists, or text with a separator."""

import pyarrow as pa
from pyarrow import compute

from nested_lightning.app.errors import UserError
from nested_lightning.app.tables.column_values import is_text, plain_column


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
