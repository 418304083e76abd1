"""Scores of generated captions."""

import pytest
import torch

from nested_lightning.app.image_to_text.caption_scores import (
    CaptionScores,
    find_nearest,
    score_captions,
    some_scores,
)


def _score(generated: list[str], captions: list[list[str]]) -> dict[str, float]:
    scores = CaptionScores()
    scores.update(generated, captions)
    return {name: float(value) for name, value in scores.compute().items()}


def test_equal_captions_have_full_scores() -> None:
    captions = ["a small red box", "a large blue disc here"]

    found = _score(captions, [[caption] for caption in captions])

    assert found == pytest.approx(
        {"exact_match": 1, "word_error_rate": 0, "word_accuracy": 1, "bleu4": 1, "chrf": 1}
    )


def test_words_are_counted_over_all_captions() -> None:
    found = _score(["a red box", "x"], [["a blue box"], ["a large blue disc there"]])

    assert found["exact_match"] == 0
    assert found["word_error_rate"] == pytest.approx((1 + 5) / 8)
    assert found["word_accuracy"] == pytest.approx(1 - 6 / 8)


def test_the_nearest_of_several_captions_counts() -> None:
    found = _score(["a red box"], [["something else altogether", "a red box"]])

    assert (found["exact_match"], found["word_error_rate"]) == (1, 0)
    assert find_nearest("a red box", ["a blue disc", "a red disc"]) == "a red disc"


def test_scores_add_up_over_batches() -> None:
    captions = ["a small red box", "a blue disc", "nothing", "a large green bar"]
    generated = ["a small red disc", "a blue disc", "", "a green bar"]
    whole = _score(generated, [[c] for c in captions])

    parts = CaptionScores()
    for start in (0, 2):
        parts.update(generated[start : start + 2], [[c] for c in captions[start : start + 2]])

    assert {name: float(value) for name, value in parts.compute().items()} == pytest.approx(whole)


def test_some_captions_have_the_scores_that_they_have_by_themselves() -> None:
    captions = [["a small red box", "a box"], ["a blue disc"], ["nothing"], ["a large green bar"]]
    generated = ["a small red disc", "a blue disc", "", "a green bar"]
    rows = [3, 0, 0, 1]

    found = some_scores(generated, captions)(torch.tensor(rows))

    assert found == score_captions([generated[row] for row in rows], [captions[row] for row in rows])
