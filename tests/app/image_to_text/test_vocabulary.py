"""Captions to tokens and back."""

import pytest
import torch

from nested_lightning.app.image_to_text.vocabulary import (
    BEGIN,
    END,
    PAD,
    SPECIAL_TOKENS,
    UNKNOWN,
    Unit,
    Vocabulary,
    count_tokens,
    split_caption,
)


def _vocabulary(*tokens: str, unit: Unit = "words") -> Vocabulary:
    return Vocabulary(tokens=(*SPECIAL_TOKENS, *tokens), unit=unit, is_lowercase=True)


def test_begin_end_padding_and_unknown_are_four_tokens() -> None:
    assert len({BEGIN, END, PAD, UNKNOWN}) == 4
    assert {BEGIN, END, PAD, UNKNOWN} == set(range(len(SPECIAL_TOKENS)))


@pytest.mark.parametrize(
    ("caption", "words"),
    [
        ("A  cat,\tsitting.", ["a", "cat", ",", "sitting", "."]),
        ("man's well-known hat", ["man's", "well-known", "hat"]),
        ("São Tomé", ["são", "tomé"]),
        ("  ", []),
    ],
)
def test_captions_are_split_into_words_and_marks(caption: str, words: list[str]) -> None:
    assert split_caption(caption, unit="words", is_lowercase=True) == words


def test_captions_are_split_into_characters() -> None:
    assert split_caption("A  b", unit="characters", is_lowercase=False) == ["A", " ", "b"]


def test_rare_tokens_are_left_out() -> None:
    captions = [["a", "cat"], ["a", "dog"], ["a", "cat"]]

    assert count_tokens(captions, min_count=2) == (*SPECIAL_TOKENS, "a", "cat")


def test_unknown_words_and_words_like_special_tokens_are_unknown() -> None:
    vocabulary = _vocabulary("cat")

    assert vocabulary.encode("Cat dog") == [BEGIN, 4, UNKNOWN, END]
    assert PAD not in vocabulary.encode("<pad>")


@pytest.mark.parametrize("unit", ["words", "characters"])
def test_decoding_gives_the_caption_back(unit: Unit) -> None:
    captions = ["two grey cats", "a cat"]
    tokens = count_tokens([split_caption(c, unit=unit, is_lowercase=True) for c in captions], min_count=1)
    vocabulary = Vocabulary(tokens=tokens, unit=unit, is_lowercase=True)

    assert [vocabulary.decode(vocabulary.encode(caption)) for caption in captions] == captions


def test_captions_of_all_pictures_are_padded_to_one_tensor() -> None:
    text = _vocabulary("a", "cat").encode_all([["a"], ["cat", "a cat"]])

    assert text.dtype == torch.int64
    assert text.tolist() == [
        [[BEGIN, 4, END, PAD], [PAD] * 4],
        [[BEGIN, 5, END, PAD], [BEGIN, 4, 5, END]],
    ]
