"""Which rows train, choose the best epoch and judge: the same for every model."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.model_selection import KFold, StratifiedKFold, train_test_split

from benchmarks.tables.real_table import RealTable, Truth

NUM_FOLDS = 5
VAL_FRACTION = 0.15

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Parts:
    """Places of the rows of each part."""

    train: Rows
    val: Rows
    test: Rows


def parts(table: RealTable, *, fold: int, seed: int, is_inner: bool = False) -> Parts:
    """Return the rows of a fold; each seed draws folds of its own, stratified by class.

    Args:
        table: Which.
        fold: From 0.
        seed: Of the draw.
        is_inner: A fifth of the fold's training rows judges in the place of its test rows, which then take no
            part at all: so defaults are chosen.
    """
    strata = None if table.task == "number" else table.truth
    folds: Any = KFold if strata is None else StratifiedKFold
    draw = folds(NUM_FOLDS, shuffle=True, random_state=seed)
    rest, test = list(draw.split(table.features, strata))[fold]
    if is_inner:
        rest, test = _shared_out(rest, strata, 1 / NUM_FOLDS, seed)
    train, val = _shared_out(rest, strata, VAL_FRACTION, seed)
    return Parts(train=train, val=val, test=test)


def _shared_out(rows: Rows, strata: Truth | None, share: float, seed: int) -> tuple[Rows, Rows]:
    """Return the rows that stay, and a share of them."""
    by = None if strata is None else strata[rows]
    stay, go = train_test_split(rows, test_size=share, random_state=seed, stratify=by)
    return np.sort(stay), np.sort(go)
