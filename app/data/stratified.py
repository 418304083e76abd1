"""Stratified draws: in each class its share of the rows.

The draws are those of scikit-learn, bit for bit; importing it would be a tenth of the time until a training's
first step.
"""

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.int64]


def stratified_split(rows: Rows, labels: Rows, *, num_drawn: int, seed: int) -> tuple[Rows, Rows]:
    """Return the rows that are left and the ``num_drawn`` that are drawn, both ascending.

    They are those of ``train_test_split(rows, test_size=num_drawn, stratify=labels, random_state=seed)``.

    Raises:
        ValueError: A class has a single row, or one part would be smaller than the number of classes.
    """
    classes, members = np.unique(labels, return_inverse=True)
    counts = np.bincount(members)
    num_left = len(rows) - num_drawn
    if counts.min() < 2:
        raise ValueError("the least populated class has only 1 row, and each class needs 2")
    if min(num_drawn, num_left) < len(classes):
        raise ValueError(
            f"a part of {min(num_drawn, num_left)} rows is smaller than the number of classes, {len(classes)}"
        )
    random = np.random.RandomState(seed)
    left_of_each = _shares(counts, num_left, random)
    drawn_of_each = _shares(counts - left_of_each, num_drawn, random)
    by_class = np.split(np.argsort(members, kind="mergesort"), np.cumsum(counts)[:-1])
    left, drawn = [], []
    for of_class, num_kept, num_taken in zip(by_class, left_of_each, drawn_of_each, strict=True):
        shuffled = of_class.take(random.permutation(len(of_class)), mode="clip")
        left.append(shuffled[:num_kept])
        drawn.append(shuffled[num_kept : num_kept + num_taken])
    return np.sort(rows[np.concatenate(left)]), np.sort(rows[np.concatenate(drawn)])


def _shares(counts: Rows, num_drawn: int, random: np.random.RandomState) -> Rows:
    """Return how many rows of each class make ``num_drawn``, in proportion; ties are broken at random."""
    exact = counts / counts.sum() * num_drawn
    shares = np.floor(exact)
    missing = int(num_drawn - shares.sum())
    if missing:
        remainders = exact - shares
        for value in np.sort(np.unique(remainders))[::-1]:
            (tied,) = np.where(remainders == value)
            num_added = min(len(tied), missing)
            shares[random.choice(tied, size=num_added, replace=False)] += 1
            missing -= num_added
            if missing == 0:
                break
    return shares.astype(np.int64)
