"""Moments of a column."""

from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa
import pytest

from nested_lightning.app.errors import UserError
from nested_lightning.app.tables.column_values import time_values

_NOON = datetime(2024, 1, 31, 12, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("2024-01-31T12:00:00", _NOON),
        ("2024-01-31 12:00", _NOON),
        ("2024-01-31T14:00:00+02:00", _NOON),
        ("2024-01-31T12:00:00.5Z", _NOON + 0.5),
        ("2024-01-31", _NOON - 43200),
        (date(2024, 1, 31), _NOON - 43200),
        (datetime(2024, 1, 31, 12), _NOON),
        (datetime(2024, 1, 31, 12, tzinfo=UTC), _NOON),
        ("20240131", 20240131.0),
        (3.5, 3.5),
        (7, 7.0),
    ],
)
def test_a_moment_means_the_same_in_every_type_and_writing(value: Any, seconds: float) -> None:
    for unit in (None, "s", "ns") if isinstance(value, datetime) else (None,):
        kind = pa.timestamp(unit, "UTC" if value.tzinfo else None) if unit else None
        values = time_values(pa.chunked_array([pa.array([value, None], kind)]), name="day")
        assert values[0] == seconds
        assert values[1] != values[1]


def test_dates_before_1970_are_in_order() -> None:
    values = time_values(pa.chunked_array([["1969-12-31", "1900-01-01", "1970-01-01"]]), name="day")

    assert values.argsort().tolist() == [1, 0, 2]


@pytest.mark.parametrize("value", ["31.02.2024", "2024-02-31", "soon", "2024-01-31 25:00"])
def test_what_is_no_date_is_named_with_row_and_column(value: str) -> None:
    column = pa.chunked_array([["2024-01-31", None, value, value]])

    with pytest.raises(
        UserError, match=f"'day' holds what is no date.* in 2 rows: '{value}', first in row 3"
    ):
        time_values(column, name="day")
