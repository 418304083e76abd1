"""Marks for cases of which a few show the behaviour, and the others that it holds everywhere."""

from collections.abc import Iterable
from typing import Any

import pytest


def quick_first(cases: Iterable[Any], *, num_quick: int = 1) -> list[Any]:
    """Return cases for ``parametrize``, all but the first marked ``slow``; a tuple is several arguments."""
    made = [pytest.param(*case) if isinstance(case, tuple) else pytest.param(case) for case in cases]
    others = [pytest.param(*case.values, marks=pytest.mark.slow) for case in made[num_quick:]]
    return [*made[:num_quick], *others]
