"""Splits by time."""

from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import TimeSeriesSplit

from nested_lightning.app.data.splits import Splitter
from nested_lightning.app.data.stratified import Rows
from nested_lightning.app.data.time_splits import TemporalFoldSplitter, TemporalSplitter
from nested_lightning.app.errors import UserError


def _labels(num_rows: int) -> Rows:
    return np.zeros(num_rows, dtype=np.int64)


@given(
    times=st.lists(st.integers(-9, 9), min_size=3, max_size=60).filter(lambda times: len({*times}) >= 3),
    shares=st.tuples(st.floats(0, 0.49), st.floats(0, 0.49)),
)
def test_each_part_is_older_than_the_next(times: list[int], shares: tuple[float, float]) -> None:
    splitter = TemporalSplitter(column="day", val_fraction=shares[0], test_fraction=shares[1])

    split = splitter(_labels(len(times)), pa.table({"day": times}))

    assert sorted(np.concatenate([*split.parts.values()]).tolist()) == list(range(len(times)))
    assert [len(split.train) > 0, len(split.val) > 0, len(split.test) > 0] == [
        True,
        shares[0] > 0,
        shares[1] > 0,
    ]
    parts = [np.array(times)[rows] for rows in split.parts.values() if len(rows)]
    assert all(older.max() < newer.min() for older, newer in pairwise(parts))


@given(
    times=st.lists(st.integers(0, 25), min_size=8, max_size=60).filter(lambda times: len({*times}) >= 6),
    num_folds=st.integers(2, 4),
    val_fraction=st.floats(0, 0.9),
)
def test_folds_follow_each_other_and_expand(times: list[int], num_folds: int, val_fraction: float) -> None:
    table, days = pa.table({"day": times}), np.array(times)
    splits = [
        TemporalFoldSplitter(column="day", num_folds=num_folds, fold=fold, val_fraction=val_fraction)(
            _labels(len(times)), table
        )
        for fold in range(num_folds)
    ]

    for split in splits:
        parts = [days[rows] for rows in split.parts.values() if len(rows)]
        assert len(parts) == 2 + (val_fraction > 0)
        assert all(older.max() < newer.min() for older, newer in pairwise(parts))
    for one, following in pairwise(splits):
        before = np.concatenate([one.train, one.val, one.test])
        assert sorted(before) == sorted(np.concatenate([following.train, following.val]))
    assert days[splits[-1].test].max() == days.max()


def test_folds_of_different_moments_are_those_of_scikit_learn() -> None:
    order = np.random.default_rng(0).permutation(103)
    table = pa.table({"day": np.argsort(order)})

    for fold, (older, test) in enumerate(TimeSeriesSplit(4).split(order)):
        split = TemporalFoldSplitter(column="day", num_folds=4, fold=fold)(_labels(103), table)
        assert split.test.tolist() == sorted(order[test])
        assert sorted([*split.train, *split.val]) == sorted(order[older])


def test_shares_are_met_where_moments_differ() -> None:
    split = TemporalSplitter(column="day")(_labels(200), pa.table({"day": np.arange(200)[::-1]}))

    assert [len(rows) for rows in split.parts.values()] == [130, 30, 40]
    assert split.test.tolist() == list(range(40))


@pytest.mark.parametrize(
    ("splitter", "values", "message"),
    [
        (TemporalSplitter(column="days"), ["1"], "no split column 'days'; did you mean 'day'"),
        (TemporalSplitter(column="day"), ["1", "2", "2"], "has 2 moments, and this split needs at least 3"),
        (TemporalFoldSplitter(column="day"), ["1", "2"], "has 2 moments, and this split needs at least 7"),
        (
            TemporalSplitter(column="day"),
            ["2024-01-02", "", None],
            "'day' is empty in 2 rows, first in row 2",
        ),
        (
            TemporalSplitter(column="day"),
            ["2024-01-02", "31.02.2024"],
            "'day' holds .*'31.02.2024'.* in row 2",
        ),
    ],
)
def test_times_that_cannot_be_split_are_refused(
    splitter: Splitter, values: list[str | None], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        splitter(_labels(len(values)), pa.table({"day": pa.array(values, pa.string())}))
