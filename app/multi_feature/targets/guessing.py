"""Which objective a column suggests, if none is set; and numbers, however they were read.

Shapes: N rows.
"""

import warnings
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import compute

from nested_lightning.app.errors import UserError, counted, name_list
from nested_lightning.app.multi_feature.targets.specs import Kind
from nested_lightning.app.tables.column_reading import MAX_STRAY_SHARE
from nested_lightning.app.tables.column_values import (
    Numbers,
    first_written,
    is_number,
    is_text,
    is_written,
    number_values,
    plain_column,
    text_values,
)
from nested_lightning.app.tables.labels import is_list

MAX_NUMBERED_CLASSES = 20
"""Whole numbers of more different values are measurements rather than classes."""

MIN_ROWS_OF_A_CLASS = 3
"""So many rows have each of the values on average, where whole numbers are taken for classes."""

_DECIMAL_COMMA = r"^\s*[+-]?\d+(,\d+)?\s*$"


class Guess(NamedTuple):
    """The kind of objective that a column suggests, why, and whether it could hardly be meant otherwise."""

    kind: Kind
    reason: str
    is_sure: bool = True


def guess_kind(column: pa.ChunkedArray, *, name: str, separator: str | None) -> Guess:
    """Return the kind of objective that a column suggests, and why.

    Raises:
        UserError: It holds numbers, but for a few cells.
    """
    column = plain_column(column)
    if is_list(column.type):
        return Guess("labels", "its cells are lists")
    texts = text_values(column)
    if _is_held(separator, texts):
        return Guess("labels", f"its labels stand between '{separator}'")
    num_values = len(compute.unique(texts.drop_null()))
    different = f"{num_values:,} different"
    if num_values == 2:
        return Guess("binary", "it holds 2 values")
    numbers = to_numbers(column)
    if numbers is None or pa.types.is_boolean(column.type):
        _refuse_strays(texts, name)
        return Guess("classes", f"it holds {different} texts")
    known = numbers[~np.isnan(numbers)]
    if (known != np.floor(known)).any():
        return Guess("number", "it holds numbers with fractions")
    if num_values <= MAX_NUMBERED_CLASSES and num_values * MIN_ROWS_OF_A_CLASS <= len(known):
        return Guess("classes", f"it holds {different} whole numbers", is_sure=False)
    return Guess("number", f"it holds {different} whole numbers", is_sure=False)


def note_idle_separator(column: pa.ChunkedArray, separator: str | None, *, name: str) -> None:
    """Warn where a column of texts with labels has a separator in no cell."""
    column = plain_column(column)
    if not is_text(column.type):
        return
    if not _is_held(separator, column):
        wanted = (
            f"holds no '{separator}'" if separator else "is text, and multi_feature.data.label_separator null"
        )
        warnings.warn(f"column '{name}' {wanted}: each of its cells is one label", stacklevel=3)


def _is_held(separator: str | None, texts: pa.StringArray | pa.ChunkedArray) -> bool:
    return bool(separator and compute.any(compute.match_substring(texts, separator)).as_py())


def read_numbers(column: pa.ChunkedArray, *, name: str) -> Numbers:
    """Return a column of numbers, float64 of [N], NaN where missing.

    Raises:
        UserError: A cell is no number, or not a finite one; the message names the first row.
    """
    numbers = to_numbers(column)
    if numbers is None:
        texts = text_values(column)
        is_stray = _is_stray(texts)
        row = int(is_stray.argmax())
        if not is_stray.any():
            several = name_list(compute.unique(texts.drop_null()).to_pylist(), limit=3)
            raise UserError(
                f"column '{name}' holds numbers that aren't all written alike ({several}): give them one"
                " decimal mark and one unit, or none"
            )
        raise UserError(
            f"column '{name}' holds '{texts[row].as_py()}', first in row {row + 1:,}, which is no number:"
            f" correct or empty {counted(int(is_stray.sum()), 'such cell')}, or choose another"
            " multi_feature.objective.kind"
        )
    if np.isinf(numbers).any():
        row = int(np.isinf(numbers).argmax())
        raise UserError(f"column '{name}' holds {numbers[row]}, first in row {row + 1:,}; it must be finite")
    return numbers


def note_written(column: pa.ChunkedArray, numbers: Numbers, *, name: str) -> None:
    """Warn where the numbers of a column are written for people, with what the first such text is read as."""
    if (found := first_written(column)) is not None:
        text, row = found
        warnings.warn(f"column '{name}': '{text}' is read as the number {numbers[row]:.12g}", stacklevel=3)


def to_numbers(column: pa.ChunkedArray) -> Numbers | None:
    """Return a column as float64 of [N], NaN where missing; also text with decimal commas; None: no numbers.

    Numbers, text or anything else may be given.
    """
    column = plain_column(column)
    numbers = number_values(column)
    if numbers is not None or not is_text(column.type):
        return numbers
    texts = text_values(column)
    if not (compute.all(compute.match_substring_regex(texts, _DECIMAL_COMMA)).as_py() or False):
        return None
    return number_values(pa.chunked_array([compute.replace_substring(texts, ",", ".")]))


def _refuse_strays(texts: pa.StringArray, name: str) -> None:
    is_stray = _is_stray(texts)
    num_known = len(texts) - texts.null_count
    if 0 < is_stray.sum() < MAX_STRAY_SHARE * num_known:
        rows = [f"{row + 1:,}" for row in np.flatnonzero(is_stray)[:6]]
        raise UserError(
            f"column '{name}' holds numbers, but in {counted(int(is_stray.sum()), 'row')}"
            f" ({', '.join(rows)}{'…' if is_stray.sum() > len(rows) else ''}) something else, such as"
            f" {name_list([texts[int(is_stray.argmax())].as_py()])}: correct or empty these cells, or set"
            " multi_feature.objective.kind=classes if its values are classes"
        )


def _is_stray(texts: pa.StringArray) -> npt.NDArray[np.bool_]:
    """Return bool of [N], whether a cell holds something other than a number."""
    cells = zip(texts.to_pylist(), is_written(texts).to_pylist(), strict=True)
    return np.array(
        [not (each is None or known or is_number(each.replace(",", "."))) for each, known in cells]
    )
