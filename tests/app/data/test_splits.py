"""Splits of rows."""

import warnings

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest
from sklearn.model_selection import StratifiedKFold

from nested_lightning.app.data.splits import (
    ColumnSplitter,
    FoldSplitter,
    RandomSplitter,
    Split,
    Splitter,
    WholeFileSplitter,
    note_given_parts,
)
from nested_lightning.app.errors import UserError

_LABELS = np.repeat([0, 1, 2, 3], 50)
_TABLE = pa.table({"x": _LABELS})


def _shares(split: Split) -> list[list[int]]:
    return [np.bincount(_LABELS[part], minlength=4).tolist() for part in (split.train, split.val, split.test)]


def _assert_each_row_once(split: Split) -> None:
    rows = np.concatenate([split.train, split.val, split.test])
    assert sorted(rows.tolist()) == list(range(200))


@pytest.mark.parametrize(
    "splitter", [RandomSplitter(), FoldSplitter(num_folds=4, fold=1), WholeFileSplitter()]
)
def test_split_puts_each_row_into_one_part(splitter: Splitter) -> None:
    _assert_each_row_once(splitter(_LABELS, _TABLE))


def test_random_split_has_the_fractions_of_each_class() -> None:
    split = RandomSplitter(val_fraction=0.1, test_fraction=0.2)(_LABELS, _TABLE)
    assert _shares(split) == [[35] * 4, [5] * 4, [10] * 4]


def test_random_split_depends_on_its_seed_alone() -> None:
    first, again, other = (RandomSplitter(seed=seed)(_LABELS, _TABLE).test.tolist() for seed in (1, 1, 2))
    assert first == again != other


def test_random_split_may_leave_parts_empty() -> None:
    split = RandomSplitter(val_fraction=0, test_fraction=0)(_LABELS, _TABLE)
    assert [len(part) for part in (split.train, split.val, split.test)] == [200, 0, 0]


def test_random_split_of_few_rows_gives_each_class_room() -> None:
    labels = np.repeat([0, 1, 2], 3)
    split = RandomSplitter(val_fraction=0.1, test_fraction=0.1)(labels, pa.table({"x": labels}))
    assert [len(part) for part in (split.train, split.val, split.test)] == [3, 3, 3]


def test_random_split_that_cannot_be_made_is_refused() -> None:
    labels = np.repeat([0, 1, 2], 3)
    with pytest.raises(UserError, match=r"9 rows cannot be split as data\.split says"):
        RandomSplitter(val_fraction=0.5, test_fraction=0.3)(labels, pa.table({"x": labels}))


@pytest.mark.parametrize(("val_fraction", "test_fraction"), [(0.5, 0.5), (-0.1, 0.2)])
def test_random_split_without_training_rows_is_refused(val_fraction: float, test_fraction: float) -> None:
    with pytest.raises(UserError, match="leave nothing to train on"):
        RandomSplitter(val_fraction=val_fraction, test_fraction=test_fraction)


def test_folds_are_those_of_scikit_learn() -> None:
    expected = StratifiedKFold(5, shuffle=True, random_state=0).split(np.zeros(200), _LABELS)
    for fold, (_, test) in enumerate(expected):
        split = FoldSplitter(num_folds=5, fold=fold, val_fraction=0.25, seed=0)(_LABELS, _TABLE)
        assert split.test.tolist() == test.tolist()
        assert _shares(split) == [[30] * 4, [10] * 4, [10] * 4]


def test_folds_with_the_same_seed_test_every_row_once() -> None:
    splits = [FoldSplitter(num_folds=3, fold=fold, seed=4)(_LABELS, _TABLE) for fold in range(3)]
    assert sorted(np.concatenate([split.test for split in splits]).tolist()) == list(range(200))


@pytest.mark.parametrize(("num_folds", "fold"), [(1, 0), (5, 5), (5, -1)])
def test_fold_that_is_none_is_refused(num_folds: int, fold: int) -> None:
    with pytest.raises(UserError, match="at least 2 folds are needed, counted from 0"):
        FoldSplitter(num_folds=num_folds, fold=fold)


def _column_split(values: list[str | None]) -> Split:
    labels: npt.NDArray[np.int64] = np.zeros(len(values), dtype=np.int64)
    return ColumnSplitter(column="part")(labels, pa.table({"part": pa.array(values, pa.string())}))


def test_column_split_takes_the_usual_names_in_any_case() -> None:
    split = _column_split(["Train", "TEST", "validation", "training ", "dev", "val"])
    assert (split.train.tolist(), split.val.tolist(), split.test.tolist()) == ([0, 3], [2, 4, 5], [1])


@pytest.mark.parametrize(("value", "shown"), [("holdout", "'holdout'"), (None, "''")])
def test_column_split_with_another_name_is_refused(value: str | None, shown: str) -> None:
    with pytest.raises(UserError, match=f"holds {shown}; each row needs 'train', 'val' or 'test'"):
        _column_split(["train", value])


def test_column_split_without_its_column_is_refused() -> None:
    with pytest.raises(UserError, match="no split column 'parts'; did you mean 'part'"):
        ColumnSplitter(column="parts")(np.zeros(1, dtype=np.int64), pa.table({"part": ["train"]}))


def test_column_split_reserves_its_column() -> None:
    assert ColumnSplitter(column="part").reserved_columns == ("part",)


@pytest.mark.parametrize(
    ("splitter", "size"),
    [
        (RandomSplitter(), 3),
        (RandomSplitter(val_fraction=0), 2),
        (FoldSplitter(num_folds=5, fold=0), 5),
        (FoldSplitter(num_folds=2, fold=0), 4),
        (FoldSplitter(num_folds=3, fold=0), 3),
        (FoldSplitter(num_folds=2, fold=0, val_fraction=0), 2),
        (ColumnSplitter(column="part"), 1),
        (WholeFileSplitter(), 0),
    ],
)
def test_split_states_the_class_size_that_it_can_share_out(splitter: Splitter, size: int) -> None:
    assert splitter.min_class_size == size
    if size > 1:
        labels = np.repeat([0, 1, 2, 3], [size, 40, 40, 40])
        splitter(labels, pa.table({"x": labels}))


def test_parts_that_folders_name_and_the_split_ignores_are_told() -> None:
    with pytest.warns(UserWarning, match="'Test', 'train' are put together and split anew, as x.split says"):
        note_given_parts({"train", "Test", "a"}, setting="x.split")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        note_given_parts({"train", "training", "a"}, setting="x.split")
