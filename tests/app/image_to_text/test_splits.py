"""Which pictures train, choose and test."""

from collections.abc import Iterable, Sequence

import numpy as np
import pytest

from nested_lightning.app.errors import UserError
from nested_lightning.app.image_to_text.caption_files import CaptionRecord
from nested_lightning.app.image_to_text.splits import (
    SKIN_TONES,
    AutomaticPictureSplitter,
    ColumnPictureSplitter,
    PictureSplitter,
    RandomPictureSplitter,
    SkinToneSplitter,
    UnseenBaseSplitter,
    WholePictureSplitter,
    base_emoji,
    has_skin_tone,
)

HANDS = "👋🤚✋🖖👌🤏🤞🤟🤘🤙"


def _records(emoji: Sequence[str]) -> list[CaptionRecord]:
    return [
        CaptionRecord(picture=f"{i}.png", captions=("x",), fields={"emoji": e}) for i, e in enumerate(emoji)
    ]


EMOJI = [*HANDS, *(hand + tone for hand in HANDS for tone in SKIN_TONES), "🏀", "👩🏽‍🚀"]  # no 👩‍🚀


def _emoji(rows: Iterable[int]) -> list[str]:
    return [EMOJI[row] for row in rows]


@pytest.mark.parametrize(
    "splitter",
    [
        SkinToneSplitter(val_fraction=0.1),
        UnseenBaseSplitter(val_fraction=0.1),
        RandomPictureSplitter(val_fraction=0.1),
        WholePictureSplitter(),
    ],
)
def test_parts_hold_every_picture_once(splitter: PictureSplitter) -> None:
    split = splitter(_records(EMOJI))

    assert sorted(np.concatenate([split.train, split.val, split.test])) == list(range(len(EMOJI)))


def test_variants_are_tested_whose_base_emoji_trains() -> None:
    split = SkinToneSplitter(test_fraction=0.2, val_fraction=0.1)(_records(EMOJI))

    training = set(_emoji(split.train))
    held_out = _emoji([*split.val, *split.test])
    assert (len(split.test), len(split.val)) == (10, 5)  # of 50: the astronaut's base isn't there
    assert all(has_skin_tone(one) and base_emoji(one) in training for one in held_out)


def test_unseen_bases_are_nowhere_in_training() -> None:
    split = UnseenBaseSplitter()(_records(EMOJI))
    bases = [{base_emoji(one) for one in _emoji(part)} for part in (split.train, split.val, split.test)]

    assert not bases[0] & bases[1]
    assert not bases[0] & bases[2]
    assert len(bases[2]) == 2  # a fifth of 12


def test_automatic_split_is_by_variants_where_there_are_some_else_random() -> None:
    flat = [CaptionRecord(picture=str(i), captions=("x",)) for i in range(20)]

    assert _same(AutomaticPictureSplitter()(_records(EMOJI)), SkinToneSplitter()(_records(EMOJI)))
    assert _same(AutomaticPictureSplitter()(flat), RandomPictureSplitter()(flat))


def _same(one: object, other: object) -> bool:
    return all(np.array_equal(getattr(one, p), getattr(other, p)) for p in ("train", "val", "test"))


def test_draw_depends_on_the_seed_alone() -> None:
    splits = [SkinToneSplitter(seed=seed)(_records(EMOJI)).test.tolist() for seed in (3, 3, 4)]

    assert splits[0] == splits[1] != splits[2]


def test_column_names_the_parts() -> None:
    records = [
        CaptionRecord(picture=part, captions=("x",), fields={"split": part})
        for part in ("train", "Test", "validation", "training")
    ]

    split = ColumnPictureSplitter(column="split")(records)

    assert (split.train.tolist(), split.val.tolist(), split.test.tolist()) == ([0, 3], [2], [1])


@pytest.mark.parametrize(
    ("splitter", "message"),
    [
        (ColumnPictureSplitter(column="emojis"), "no column 'emojis'; did you mean 'emoji'"),
        (ColumnPictureSplitter(column="emoji"), "each picture needs 'train', 'val' or 'test'"),
    ],
)
def test_column_that_names_no_parts_is_refused(splitter: PictureSplitter, message: str) -> None:
    with pytest.raises(UserError, match=message):
        splitter(_records(EMOJI))


def test_fractions_that_leave_nothing_to_train_on_are_refused() -> None:
    with pytest.raises(UserError, match="leave nothing"):
        RandomPictureSplitter(val_fraction=0.5, test_fraction=0.5)


def test_too_few_pictures_are_refused() -> None:
    with pytest.raises(UserError, match="can't be split"):
        RandomPictureSplitter()(_records(EMOJI[:1]))
