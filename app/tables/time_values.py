"""Moments of a column: dates of any type or in ISO's writing, or numbers, which count as time."""

import math
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
from pyarrow import compute

from nested_lightning.app.errors import RowError, counted
from nested_lightning.app.tables.column_values import Numbers, number_values, plain_column, text_values

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)


def time_values(column: pa.ChunkedArray, *, name: str) -> Numbers:
    """Return seconds since 1970, or the numbers of a column of numbers: float64 of [N], NaN where missing.

    Without a zone, a moment is taken for one of UTC.

    Raises:
        RowError: A value is neither; the message names the column, ``name``, and the first such row.
    """
    column = plain_column(column)
    if pa.types.is_date(column.type) or pa.types.is_timestamp(column.type):
        seconds: Numbers = column.cast(pa.timestamp("us"), safe=False).cast(pa.int64()).to_numpy() / 1e6
        return seconds
    if (numbers := number_values(column)) is not None:
        return numbers
    return _read_all(text_values(column), name)


def _read_all(text: pa.StringArray, name: str) -> Numbers:
    encoded = text.dictionary_encode()
    written = encoded.dictionary.to_pylist()
    moments = np.array([*map(_read, written), math.nan])
    numbers: Numbers = moments[encoded.indices.fill_null(len(written)).to_numpy()]
    if (is_wrong := np.isnan(numbers) & compute.is_valid(text).to_numpy(zero_copy_only=False)).any():
        row = int(is_wrong.argmax())
        raise RowError(
            f"column '{name}' holds what is no date and no number in {counted(int(is_wrong.sum()), 'row')}:"
            f" '{text[row]}', first in row {{row}}; write dates as 2024-01-31 or 2024-01-31T18:30:00",
            row=row,
        )
    return numbers


def _read(text: str) -> float:
    """Return NaN for what can't be read."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return math.nan
    return ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - _EPOCH) / _SECOND
