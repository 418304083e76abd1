"""Columns of the input that are kept beside the answers."""

import csv
from collections.abc import Iterable, Sequence

from nested_lightning.app.errors import UserError, did_you_mean, name_list


def asked_names(keep: str) -> list[str]:
    """Return the names in ``keep``, which are written as in a line of CSV."""
    return [name.strip() for line in csv.reader([keep]) for name in line]


def kept_names(keep: str | None, there: Sequence[str], *, answers: Iterable[str]) -> list[str]:
    """Return which columns are kept.

    Args:
        keep: Names with commas between, as in a line of CSV, or ``*`` for all; None: no column.
        there: The columns of what is given.
        answers: The columns of the answers, which can't be kept besides.

    Raises:
        UserError: There is no such column, or an answer has its name.
    """
    if keep is None:
        return []
    taken = {*answers}
    if keep == "*":
        return [name for name in there if name not in taken]
    names = asked_names(keep)
    for name in names:
        if name not in there:
            raise UserError(
                f"there is no column '{name}' to keep{did_you_mean(name, there)}"
                f" (columns: {name_list(there)})"
            )
        if name in taken:
            raise UserError(f"column '{name}' can't be kept beside the answer of that name: rename it")
    return names
