"""Which pictures train, choose and test."""

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pytest

from nested_lightning.app.data.splits import Split, Splitter
from nested_lightning.app.errors import UserError
from nested_lightning.app.image_to_text.splits import (
    SKIN_TONES,
    AutomaticPictureSplitter,
    RandomPictureSplitter,
    SkinToneSplitter,
    UnseenBaseSplitter,
    base_emoji,
    has_skin_tone,
)

HANDS = "👋🤚✋🖖👌🤏🤞🤟🤘🤙"


EMOJI = [*HANDS, *(hand + tone for hand in HANDS for tone in SKIN_TONES), "🏀", "👩🏽‍🚀"]  # no 👩‍🚀


def _split(splitter: Splitter, table: pa.Table | None = None) -> Split:
    table = pa.table({"emoji": EMOJI}) if table is None else table
    return splitter(np.zeros(table.num_rows, dtype=np.int64), table)


def _emoji(rows: Iterable[int]) -> list[str]:
    return [EMOJI[row] for row in rows]


@pytest.mark.parametrize(
    "splitter",
    [
        SkinToneSplitter(val_fraction=0.1),
        UnseenBaseSplitter(val_fraction=0.1),
        RandomPictureSplitter(val_fraction=0.1),
    ],
)
def test_parts_hold_every_picture_once(splitter: Splitter) -> None:
    split = _split(splitter)

    assert sorted(np.concatenate([split.train, split.val, split.test])) == list(range(len(EMOJI)))


def test_variants_are_tested_whose_base_emoji_trains() -> None:
    split = _split(SkinToneSplitter(test_fraction=0.2, val_fraction=0.1))

    training = set(_emoji(split.train))
    held_out = _emoji([*split.val, *split.test])
    assert (len(split.test), len(split.val)) == (10, 5)  # of 50: the astronaut's base isn't there
    assert all(has_skin_tone(one) and base_emoji(one) in training for one in held_out)


def test_unseen_bases_are_nowhere_in_training() -> None:
    split = _split(UnseenBaseSplitter())
    bases = [{base_emoji(one) for one in _emoji(part)} for part in (split.train, split.val, split.test)]

    assert not bases[0] & bases[1]
    assert not bases[0] & bases[2]
    assert len(bases[2]) == 2  # a fifth of 12


def test_automatic_split_is_by_variants_where_there_are_some_else_random() -> None:
    flat = pa.table({"number": range(20)})

    assert _same(_split(AutomaticPictureSplitter()), _split(SkinToneSplitter()))
    assert _same(_split(AutomaticPictureSplitter(), flat), _split(RandomPictureSplitter(), flat))


def _same(one: object, other: object) -> bool:
    return all(np.array_equal(getattr(one, p), getattr(other, p)) for p in ("train", "val", "test"))


def test_draw_depends_on_the_seed_alone() -> None:
    splits = [_split(SkinToneSplitter(seed=seed)).test.tolist() for seed in (3, 3, 4)]

    assert splits[0] == splits[1] != splits[2]


def test_column_that_is_not_there_is_refused() -> None:
    with pytest.raises(UserError, match="no split column 'emojis'; did you mean 'emoji'"):
        _split(SkinToneSplitter(column="emojis"))


def test_fractions_that_leave_nothing_to_train_on_are_refused() -> None:
    with pytest.raises(UserError, match="leave nothing"):
        RandomPictureSplitter(val_fraction=0.5, test_fraction=0.5)


def test_too_few_pictures_are_refused() -> None:
    with pytest.raises(UserError, match="can't be split"):
        _split(RandomPictureSplitter(), pa.table({"emoji": EMOJI[:1]}))
