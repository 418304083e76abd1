import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import train_test_split

from nested_lightning.app.data.stratified import stratified_split


@given(
    counts=st.lists(st.integers(2, 40), min_size=1, max_size=12),
    share=st.floats(0, 1),
    seed=st.integers(0, 2**32 - 1),
)
def test_draws_are_those_of_scikit_learn(counts: list[int], share: float, seed: int) -> None:
    labels = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(counts)) * 3, counts))
    rows = np.sort(np.random.default_rng(seed).choice(1000, len(labels), replace=False))
    num_drawn = len(counts) + round(share * (len(labels) - 2 * len(counts)))

    left, drawn = stratified_split(rows, labels, num_drawn=num_drawn, seed=seed)

    theirs = train_test_split(rows, test_size=num_drawn, stratify=labels, random_state=seed)
    assert left.tolist() == sorted(theirs[0])
    assert drawn.tolist() == sorted(theirs[1])


@pytest.mark.parametrize(
    ("labels", "num_drawn", "message"),
    [([0, 0, 1], 2, "only 1 row"), ([0, 0, 1, 1], 1, "smaller than"), ([0, 0, 1, 1], 3, "smaller than")],
)
def test_what_cannot_be_drawn_is_refused(labels: list[int], num_drawn: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        stratified_split(np.arange(len(labels)), np.array(labels), num_drawn=num_drawn, seed=0)
