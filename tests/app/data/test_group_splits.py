"""Splits that keep rows of a group together."""

from contextlib import suppress

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import StratifiedGroupKFold

from nested_lightning.app.data.group_splits import GroupedFoldSplitter, GroupedSplitter
from nested_lightning.app.data.splits import Split, Splitter
from nested_lightning.app.data.stratified import Rows
from nested_lightning.app.errors import UserError

_RANDOM = np.random.default_rng(0)
_GROUPS = _RANDOM.integers(0, 40, 400)
_LABELS = _RANDOM.integers(0, 3, 400)
_TABLE = pa.table({"patient": _GROUPS})


def _groups_of(split: Split, groups: Rows) -> list[set[int]]:
    return [set(groups[rows].tolist()) for rows in split.parts.values()]


@settings(max_examples=30, deadline=None)  # scikit-learn is imported by the first
@given(
    sizes=st.lists(st.integers(1, 30), min_size=4, max_size=20),
    shares=st.tuples(st.floats(0, 0.49), st.floats(0, 0.49)),
    num_classes=st.integers(1, 4),
    seed=st.integers(0, 2**32 - 1),
)
def test_no_group_is_in_two_parts_and_no_row_is_lost(
    sizes: list[int], shares: tuple[float, float], num_classes: int, seed: int
) -> None:
    random = np.random.default_rng(seed)
    groups = random.permutation(np.repeat(np.arange(len(sizes)), sizes))
    labels = np.arange(len(groups)) % max(1, min(num_classes, len(groups) // 2))
    table = pa.table({"patient": groups})
    drawn = GroupedSplitter(column="patient", val_fraction=shares[0], test_fraction=shares[1], seed=seed)
    fold = GroupedFoldSplitter(column="patient", num_folds=2, val_fraction=shares[0], seed=seed)
    splits = [drawn(labels, table)]
    with suppress(UserError):  # groups of too different sizes
        splits.append(fold(labels, table))

    for split in splits:
        train, val, test = _groups_of(split, groups)
        assert len(train | val | test) == len(train) + len(val) + len(test)
        assert sorted(np.concatenate([*split.parts.values()]).tolist()) == list(range(len(groups)))
        assert all((np.diff(rows) > 0).all() for rows in split.parts.values())
        assert len(train) > 0
        assert (len(val) > 0) == (shares[0] > 0)
    assert [len(split.test) > 0 for split in splits] == [shares[1] > 0, True][: len(splits)]


def test_parts_have_about_their_share_of_each_class() -> None:
    split = GroupedSplitter(column="patient", val_fraction=0.15, test_fraction=0.2)(_LABELS, _TABLE)

    for rows, share in ((split.val, 0.15), (split.test, 0.2)):
        shares = np.bincount(_LABELS[rows]) / np.bincount(_LABELS)
        np.testing.assert_allclose(shares, share, atol=0.03)


def test_a_class_of_a_single_group_is_trained_on() -> None:
    labels = (_GROUPS == 7).astype(np.int64)

    for seed in range(5):
        split = GroupedSplitter(column="patient", seed=seed)(labels, _TABLE)
        assert labels[split.train].sum() == labels.sum()


@pytest.mark.parametrize("kind", [GroupedSplitter, GroupedFoldSplitter])
def test_a_split_by_group_depends_on_its_seed_alone(kind: type[GroupedSplitter]) -> None:
    state = repr(np.random.get_state())
    first, again, other = (kind(column="patient", seed=s)(_LABELS, _TABLE).test.tolist() for s in (1, 1, 2))

    assert first == again != other
    assert repr(np.random.get_state()) == state


def test_folds_of_groups_are_those_of_scikit_learn_and_test_each_row_once() -> None:
    names = _GROUPS.astype(str)
    theirs = StratifiedGroupKFold(4, shuffle=True, random_state=3).split(names, _LABELS, names)
    splitters = [GroupedFoldSplitter(column="patient", num_folds=4, fold=fold, seed=3) for fold in range(4)]

    tested = [splitter(_LABELS, _TABLE).test.tolist() for splitter in splitters]

    assert tested == [test.tolist() for _, test in theirs]
    assert sorted(row for rows in tested for row in rows) == list(range(400))


def test_values_of_a_group_mean_the_same_in_every_type() -> None:
    split = GroupedSplitter(column="patient")
    expected = split(_LABELS, _TABLE).test.tolist()

    for column in (
        _GROUPS.astype(float),
        _GROUPS.astype(str),
        pa.array(_GROUPS.astype(str)).dictionary_encode(),
    ):
        assert split(_LABELS, pa.table({"patient": column})).test.tolist() == expected


@pytest.mark.parametrize(
    ("splitter", "values", "message"),
    [
        (GroupedSplitter(column="patients"), ["a"], "no split column 'patients'; did you mean 'patient'"),
        (GroupedSplitter(column="patient"), ["a", "b", "a"], "has 2 groups, and this split needs at least 3"),
        (GroupedFoldSplitter(column="patient"), ["a", "b"], "has 2 groups, and this split needs at least 5"),
        (GroupedSplitter(column="patient"), ["a", None, "NA"], "empty in 2 rows, first in row 2"),
    ],
)
def test_groups_that_cannot_be_split_are_refused(
    splitter: Splitter, values: list[str | None], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        splitter(np.zeros(len(values), dtype=np.int64), pa.table({"patient": pa.array(values, pa.string())}))


@pytest.mark.parametrize("fold", range(2))
def test_folds_that_the_sizes_of_groups_do_not_allow_are_refused(fold: int) -> None:
    patients = pa.table({"patient": [0] * 90 + [1, 1]})
    splitter = GroupedFoldSplitter(column="patient", num_folds=2, fold=fold)

    with pytest.raises(UserError, match="groups of too different sizes to make 2 folds, as fold"):
        splitter(np.zeros(92, dtype=np.int64), patients)
