"""Sequences of the digits that scikit-learn ships."""

import numpy as np
import pytest
from sklearn.datasets import load_digits

from nested_lightning.app.data.splits import RandomSplitter
from nested_lightning.app.errors import UserError
from nested_lightning.app.variant.sources.digits import DigitSequences
from nested_lightning.app.variant.sources.records import SequenceRecords

SPLIT = RandomSplitter(val_fraction=0.1, test_fraction=0.2)


def _pictures(records: SequenceRecords) -> set[bytes]:
    return {picture.tobytes() for sequence in records.inputs for picture in np.asarray(sequence)}


@pytest.mark.parametrize("seed", range(4))
def test_lengths_are_from_five_to_fifteen(seed: int) -> None:
    parts = DigitSequences(num_repeats=20, seed=seed)("image", SPLIT, None).parts

    assert {len(x) for part in parts.values() for x in part.inputs} == set(range(5, 16))


def test_targets_are_the_digits() -> None:
    train = DigitSequences(num_repeats=1)("image", SPLIT, None).parts["train"]
    digits = load_digits()
    known = {p.astype(np.float32).tobytes(): t for p, t in zip(digits.data, digits.target, strict=True)}

    for sequence, labels in zip(train.inputs[:20], train.labels, strict=False):
        assert [known[picture.tobytes()] for picture in np.asarray(sequence)] == labels.tolist()


def test_parts_are_made_of_different_pictures() -> None:
    parts = DigitSequences(num_repeats=2)("image", SPLIT, None).parts
    train, val, test = (_pictures(parts[name]) for name in ("train", "val", "test"))

    assert not train & val
    assert not train & test
    assert not val & test
    assert len(train | val | test) == 1797


def test_every_picture_counts_alike() -> None:
    test = DigitSequences(num_repeats=3)("image", SPLIT, None).parts["test"]
    pictures = [picture.tobytes() for sequence in test.inputs for picture in np.asarray(sequence)]

    assert {pictures.count(picture) for picture in set(pictures)} == {3}


def test_the_seed_decides_the_strings() -> None:
    one, same, other = (
        DigitSequences(num_repeats=1, seed=seed)("image", SPLIT, None).parts["val"] for seed in (0, 0, 1)
    )

    assert np.array_equal(np.concatenate(one.labels), np.concatenate(same.labels))
    assert not np.array_equal(np.concatenate(one.labels), np.concatenate(other.labels))


def test_lengths_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(UserError, match="min_length 9 is above max_length 8"):
        DigitSequences(min_length=9, max_length=8)
