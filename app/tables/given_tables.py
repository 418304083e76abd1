"""Tables as programs hold them: of Arrow, pandas, polars and numpy, mappings of columns, and rows."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from nested_lightning.app.errors import UserError, name_list


def to_table(given: Any, columns: Sequence[str], *, text_columns: Collection[str] = ()) -> pa.Table:
    """Return what a program holds as a table of those ``columns`` that are in it.

    Args:
        given: A data frame, or anything else with Arrow's ``__arrow_c_stream__``; a mapping of columns; a
            mapping of values by column, which is one row, or a list of such rows, in which what is absent or
            None is missing; an array of numpy whose fields have names; one of numbers of [N, F], or of [F]
            for one row, with the F ``columns`` in their order.
        columns: Names of those that are wanted.
        text_columns: Those of them that hold text even where their values look like numbers.

    Raises:
        UserError: It is none of these, or a column's values are of different kinds.
    """
    try:
        is_row = hasattr(given, "to_dict") and getattr(given, "ndim", 2) == 1  # of pandas
        if hasattr(given, "__arrow_c_stream__") and not is_row:
            table = pa.table(given)
            return table.select(_wanted(columns, table.column_names))
        values = _values(given.to_dict() if is_row else given, columns)
        names = _wanted(columns, values)
        return pa.table({name: _column(values[name], name in text_columns) for name in names})
    except UserError:
        raise
    except Exception as error:  # a stranger's objects fail in any way
        raise UserError(f"a column's values are of different kinds, or of none known: {error}") from None


def _wanted(columns: Sequence[str], there: Collection[str]) -> list[str]:
    names = [name for name in columns if name in there]
    if there and not names:
        raise UserError(f"none of the columns is there that are needed: {name_list(columns)}")
    return names


def _values(given: Any, columns: Sequence[str]) -> Mapping[str, Sequence[Any]]:
    if isinstance(given, np.ndarray | np.void):
        return _of_array(np.atleast_1d(given), columns)
    if isinstance(given, Mapping):
        if all(_is_column(one) for one in given.values()):
            return given
        given = [given]
    if not isinstance(given, Sequence) or not all(isinstance(row, Mapping) for row in given):
        raise UserError(
            "rows are given as a data frame, a table of Arrow, a mapping of columns, a row {column: value} or"
            f" a list of such, or an array of numpy; given was {type(given).__name__}"
        )
    there = {name for row in given for name in row}
    return {name: [row.get(name) for row in given] for name in columns if name in there}


def _of_array(array: np.ndarray[Any, Any], columns: Sequence[str]) -> Mapping[str, Sequence[Any]]:
    if array.dtype.names is not None:
        return {name: array[name] for name in array.dtype.names}
    array = np.atleast_2d(array)
    if array.ndim != 2 or array.shape[1] != len(columns):
        raise UserError(
            f"an array without names must be [N, {len(columns)}], the columns as data_spec.column_names has"
            f" them; given was {list(array.shape)}"
        )
    return dict(zip(columns, array.T, strict=True))


def _is_column(value: Any) -> bool:
    return hasattr(value, "__len__") and not isinstance(value, str | bytes | Mapping)


def _column(values: Sequence[Any], is_text: bool) -> pa.Array:
    if not is_text:
        return pa.array(values)
    return pa.array([None if value is None else str(value) for value in values], type=pa.string())
