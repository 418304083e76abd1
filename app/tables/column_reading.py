"""The feature columns of a table as values, or one message that says which cannot be features."""

import warnings
from collections.abc import Collection, Iterable, Iterator, Mapping

import numpy as np
import pyarrow as pa
from pyarrow import compute

from nested_lightning.app.errors import UserError, counted, name_list
from nested_lightning.app.tables.column_values import (
    ColumnValues,
    Numbers,
    first_written,
    is_text,
    number_values,
    plain_column,
    text_values,
)
from nested_lightning.app.tables.number_block import NumberBlock, SplitTable
from nested_lightning.app.tables.sample_columns import SampleColumns

MAX_MAGNITUDE = 1e30
"""Larger numbers are markers of some program, and would overflow 32 bits once standardised."""

MAX_INFERRED_CATEGORIES = 50
"""Text of more different values is taken for names or notes unless settings say that it is categories."""

MAX_STRAY_SHARE = 0.05
"""A column of which fewer cells are no numbers is one of numbers with mistakes in it."""

_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
_LIKE_NUMBER = r"^[^\w]{0,3}\d[\d.,:/' -]*([eE][+-]?\d+)?\s?[%€$£°]?$"
_PREDICTION_ADVICE = "The model was trained with numbers there: correct what is none, or leave it empty"
_TRAINING_ADVICE = (
    "A feature must be a number or a category: correct what is no number; name the column in"
    " multi_feature.data.categorical if its values are categories, in .texts if they are texts, in .dates if"
    " they are dates, else in multi_feature.data.excluded"
)


def read_columns(
    table: pa.Table, names: Iterable[str], *, categorical: Collection[str], infer_categories: bool = False
) -> SampleColumns:
    """Return the named columns as numbers or text, see `each_column`."""
    split = SplitTable.of_table(table.select([*names]), apart=categorical)
    others = split.others.column_names
    return read_split_columns(split, others, categorical=categorical, infer_categories=infer_categories)


def read_split_columns(
    table: SplitTable, names: Iterable[str], *, categorical: Collection[str], infer_categories: bool = False
) -> SampleColumns:
    """Return plain numbers as they are, and the named others as numbers or text, see `each_column`."""
    _check_all_finite(table.numbers)
    found = each_column(table.others, names, categorical=categorical, infer_categories=infer_categories)
    return SampleColumns(dict(found), table.numbers)


def each_column(
    table: pa.Table, names: Iterable[str], *, categorical: Collection[str], infer_categories: bool = False
) -> Iterator[tuple[str, ColumnValues]]:
    """Yield the named columns as numbers or text, one by one.

    Args:
        table: Has all of the columns.
        names: The columns to read.
        categorical: Those that are read as text whatever they hold.
        infer_categories: Also read those as text that hold words and few different ones. Otherwise, as for a
            trained model, every column that is not categorical must hold numbers.

    Raises:
        UserError: A column is neither numbers nor categories (reported after the last one), or holds a number
            that is not finite.
    """
    faults: list[str] = []
    guessed: dict[str, str | None] = {}
    written: dict[str, str] = {}
    names = list(names)
    for name, column in zip(names, table.select(names).itercolumns(), strict=True):
        if name in categorical:
            yield name, text_values(column)
        elif (numbers := number_values(column)) is not None:
            if infer_categories and (first := first_written(column)):
                written[name] = f"'{first[0]}' as {numbers[first[1]]:.12g}"
            yield name, _check_finite(name, numbers)
        elif infer_categories and seems_categorical(column):
            values = text_values(column)
            guessed[name] = _first_number(values)
            yield name, values
        else:
            faults.append(_describe(name, column))
    _note_written(written)
    _note_categories(guessed)
    if faults:
        rest = f"; and {counted(len(faults) - 3, 'such column')} more" if faults[3:] else ""
        advice = _TRAINING_ADVICE if infer_categories else _PREDICTION_ADVICE
        raise UserError(f"{'; '.join(faults[:3])}{rest}. {advice}")


def _note_written(first: Mapping[str, str]) -> None:
    """Say which columns were read as numbers though they are written for people, with the first such text."""
    if first:
        read = [f"'{name}' ({text})" for name, text in first.items()]
        warnings.warn(
            f"numbers written as text are read without commas and signs: {', '.join(read[:6])}; name such"
            " columns in multi_feature.data.categorical if they are categories, or in .excluded",
            stacklevel=3,
        )


def _note_categories(written: Mapping[str, str | None]) -> None:
    """Say which columns were taken for categories; those with a value here hold rather numbers or dates."""
    numbers = [f"'{name}' ('{value}')" for name, value in written.items() if value is not None]
    if numbers:
        warnings.warn(
            f"numbers or dates written as text are taken for categories: {', '.join(numbers[:6])}; write"
            " them as plain numbers, or name the columns in multi_feature.data.excluded",
            stacklevel=3,
        )
    if words := [name for name, value in written.items() if value is None]:
        warnings.warn(
            f"taken for categories, as their values are words: {name_list(words)}; name such columns in"
            " multi_feature.data.categorical or .excluded",
            stacklevel=3,
        )


def _first_number(values: pa.StringArray) -> str | None:
    """Return the first value where most look like numbers with signs around, or like dates."""
    known = values.drop_null()
    is_like = compute.match_substring_regex(known, _LIKE_NUMBER)
    if 2 * (compute.sum(is_like).as_py() or 0) <= len(known):
        return None
    first: str = known.filter(is_like)[0].as_py()
    return first


def _check_all_finite(block: NumberBlock) -> None:
    reductions = (np.fmax.reduce, np.fmin.reduce)  # copy nothing, and pass over NaN
    if any(abs(reduce(block.values, axis=None, initial=0.0)) > MAX_MAGNITUDE for reduce in reductions):
        for name in block.places:
            _check_finite(name, block[name])


def _check_finite(name: str, numbers: Numbers) -> Numbers:
    is_wrong = np.abs(numbers) > MAX_MAGNITUDE
    if is_wrong.any():
        row = int(is_wrong.argmax())
        raise UserError(
            f"column '{name}' holds {numbers[row]:g}, first in row {row + 1:,}; a feature must be finite and"
            f" at most ±{MAX_MAGNITUDE:g}: correct the value, or leave it empty if it is missing"
        )
    return numbers


def seems_categorical(column: pa.ChunkedArray) -> bool:
    """Return whether words are no mistakes among numbers, and values few enough, each twice on average."""
    column = plain_column(column)
    if not is_text(column.type):
        return False
    text = text_values(column).drop_null()
    num_words = compute.sum(_is_word(text)).as_py() or 0
    num_kinds = len(compute.unique(text))
    has_words = num_words >= MAX_STRAY_SHARE * len(text)
    return has_words and num_kinds <= min(MAX_INFERRED_CATEGORIES, len(text) // 2)


def _describe(name: str, column: pa.ChunkedArray) -> str:
    column = plain_column(column)
    if not is_text(column.type):
        return f"column '{name}' holds values of type {column.type}"
    text = text_values(column)
    is_word = _is_word(text).fill_null(False)
    words = compute.unique(text.filter(is_word))
    row = compute.index(is_word, True).as_py()
    return (
        f"column '{name}' holds text in {counted(compute.sum(is_word).as_py(), 'row')}, {len(words):,}"
        f" different ({name_list(words.to_pylist(), limit=3)}; first in row {row + 1:,})"
    )


def _is_word(text: pa.StringArray) -> pa.BooleanArray:
    return compute.invert(compute.match_substring_regex(text, _NUMBER))
