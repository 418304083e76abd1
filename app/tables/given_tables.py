"""Tables as programs hold them: of Arrow, pandas, polars and numpy, mappings of columns, and rows."""

import warnings
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np
import pyarrow as pa

from nested_lightning.app.errors import UserError, name_list

INDEX_COLUMNS = "__index_level_"
"""How the columns begin that hold the index of a data frame in Arrow's tables and in Parquet."""


def to_table(
    given: Any, columns: Sequence[str] | None = None, *, text_columns: Collection[str] = ()
) -> pa.Table:
    """Return what a program holds as a table, with its columns by name; nothing of it is changed.

    A column is a list, an array of [N] or [N, 1] (of [N, K]: a column of lists), a Series, a data frame of
    one column, or one of Arrow's. The index of a data frame is a column if it has a name that is asked for.

    Args:
        given: A data frame, or anything else with Arrow's ``__arrow_c_stream__``; a mapping of columns; a
            mapping of values by column, which is one row, or a list of such rows, in which what is absent or
            None is missing; an array of numpy whose fields have names; one of numbers of [N, F], or of [F]
            for one row, with the F ``columns`` in their order.
        columns: Names of those that are wanted, of which not all need be there; None: all.
        text_columns: Those of them that hold text even where their values look like numbers.

    Raises:
        UserError: It is none of these, columns have different lengths or the same name, or a column's values
            are of different kinds.
    """
    taken = columns_as_given(given, columns, text_columns=text_columns)
    arrays = to_arrays(taken, text_columns=text_columns)
    check_lengths(arrays)
    return pa.table(arrays)


def columns_as_given(
    given: Any,
    columns: Sequence[str] | None,
    *,
    text_columns: Collection[str],
    ignored: Collection[str] | None = None,
) -> dict[str, Any]:
    """Return the columns of a table, each as it was given, see `to_table`.

    Columns besides those that are asked for, or ``ignored``, are warned of; None: any may be there.
    """
    try:
        there = _columns_of(given, columns, text_columns)
    except UserError:
        raise
    except Exception as error:  # a stranger's objects fail in any way
        raise UserError(f"it can't be read as a table: {error}") from None
    names = list(there) if columns is None else _wanted(columns, there)
    if ignored is not None:
        note_others(there, known={*names, *ignored})
    return {name: there[name] for name in names}


def to_arrays(
    columns: Mapping[str, Any], *, text_columns: Collection[str]
) -> dict[str, pa.Array | pa.ChunkedArray]:
    """Return columns as they were given as Arrow's, see `to_table`."""
    return {name: _column(name, values, name in text_columns) for name, values in columns.items()}


def check_lengths(columns: Mapping[str, Any]) -> None:
    """Refuse columns of different lengths."""
    lengths = {name: len(column) for name, column in columns.items()}
    if len({*lengths.values()}) > 1:
        raise UserError(f"columns have different lengths: {name_list(lengths)}")


def index_of(given: Any) -> Any:
    """Return the index of a data frame of pandas; None: it is something else."""
    return given.index if _is_pandas(given) and given.ndim == 2 else None


def note_others(there: Iterable[str], *, known: Collection[str]) -> None:
    """Warn of columns that are of no use, as they aren't ``known``."""
    known = frozenset(known)
    if others := [name for name in there if name not in known]:
        warnings.warn(f"not used, as the model knows no such columns: {name_list(others)}", stacklevel=3)


def _wanted(columns: Sequence[str], there: Collection[str]) -> list[str]:
    names = [name for name in columns if name in there]
    if there and not names:
        raise UserError(f"none of the columns is there that are needed: {name_list(columns)}")
    return names


def _is_pandas(given: Any) -> bool:
    return hasattr(given, "iloc")


def _columns_of(
    given: Any, columns: Sequence[str] | None, text_columns: Collection[str]
) -> Mapping[str, Any]:
    """Return the columns by name, as they are given."""
    if _is_pandas(given) and given.ndim == 2:
        return _of_pandas(given, {*(columns or ()), *text_columns})
    if hasattr(given, "__arrow_c_stream__") and not _is_pandas(given):
        table = pa.table(given)
        names = [name for name in table.column_names if not name.startswith(INDEX_COLUMNS)]
        return _named(names, table.select(names).columns)
    if isinstance(given, np.ndarray | np.void):
        return _of_array(np.atleast_1d(given), columns)
    return _of_mappings(given.to_dict() if _is_pandas(given) else given)


def _named(names: Sequence[Any], columns: Iterable[Any]) -> dict[str, Any]:
    texts = [str(name) for name in names]
    if repeated := [name for name, count in Counter(texts).items() if count > 1]:
        raise UserError(f"several columns have the same name: {name_list(repeated)}; rename them")
    return dict(zip(texts, columns, strict=True))


def _of_pandas(frame: Any, wanted: Collection[str]) -> dict[str, Any]:
    columns = _named(list(frame.columns), (frame.iloc[:, number] for number in range(frame.shape[1])))
    levels = {str(name): name for name in frame.index.names if name is not None}
    asked = {name: level for name, level in levels.items() if name in wanted and name not in columns}
    return columns | {name: frame.index.get_level_values(level) for name, level in asked.items()}


def _of_array(array: np.ndarray[Any, Any], columns: Sequence[str] | None) -> Mapping[str, Any]:
    if array.dtype.names is not None:
        return {name: array[name] for name in array.dtype.names}
    array = np.atleast_2d(array)
    if columns is None:
        raise UserError("an array without names has no columns; give a mapping of columns, {name: array}")
    if array.ndim != 2 or array.shape[1] != len(columns):
        raise UserError(
            f"an array without names must be [N, {len(columns)}], the columns as data_spec.column_names has"
            f" them; given was {list(array.shape)}"
        )
    return dict(zip(columns, array.T, strict=True))


def _of_mappings(given: Any) -> Mapping[str, Any]:
    if isinstance(given, Mapping):
        if all(_is_column(one) for one in given.values()):
            return _named(list(given), given.values())
        given = [given]
    if not isinstance(given, Sequence) or not all(isinstance(row, Mapping) for row in given):
        raise UserError(
            "rows are given as a data frame, a table of Arrow, a mapping of columns, a row {column: value} or"
            f" a list of such, or an array of numpy; given was {type(given).__name__}"
        )
    names = list(dict.fromkeys(chain.from_iterable(given)))
    return _named(names, zip(*([row.get(name) for name in names] for row in given), strict=True))


def _is_column(value: Any) -> bool:
    is_sized = hasattr(value, "__len__") or hasattr(value, "__arrow_c_stream__")
    return is_sized and not isinstance(value, str | bytes | Mapping)


def _column(name: str, values: Any, is_text: bool) -> pa.Array | pa.ChunkedArray:
    try:
        return _as_text(values) if is_text and _is_of_cells(values) else _as_arrow(values)
    except UserError as error:
        raise UserError(f"column '{name}' {error}") from None
    except Exception as error:  # a stranger's objects fail in any way
        raise UserError(
            f"column '{name}' holds values of different kinds, or of none known: {error}"
        ) from None


def _is_of_cells(values: Any) -> bool:
    """Return whether these are Python's values, of which none is a list of such."""
    return isinstance(values, list | tuple) and not any(_is_column(value) for value in values)


def _as_text(values: Sequence[Any]) -> pa.Array:
    return pa.array([None if value is None else str(value) for value in values], type=pa.string())


def _as_arrow(values: Any) -> pa.Array | pa.ChunkedArray:
    if isinstance(values, pa.Array):
        return values
    if hasattr(values, "columns"):  # a data frame
        frame = to_table(values)
        if frame.num_columns != 1:
            raise UserError(f"is a data frame of {frame.num_columns} columns, and a column is one of 1")
        return frame.column(0)
    if hasattr(values, "__arrow_c_stream__") and not _is_pandas(values):
        return pa.chunked_array(values)
    if hasattr(values, "__array__") and not _is_pandas(values):
        values = _without_axis(np.asarray(values))
    return pa.array(values, from_pandas=True)  # so that NaN counts as missing in each of them


def _without_axis(array: np.ndarray[Any, Any]) -> Any:
    if array.ndim not in (1, 2):
        raise UserError(f"has the shape {list(array.shape)}; a column is [N], [N, 1] or, of lists, [N, K]")
    if array.ndim == 1:
        return array
    return array[:, 0] if array.shape[1] == 1 else list(array)
