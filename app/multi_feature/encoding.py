"""From columns to features: scaled numbers, one-hot categories, and what each other sort becomes.

Shapes: N rows, G groups, F_g features of group g.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import compute

from nested_lightning.app.errors import UserError, counted, did_you_mean, name_list
from nested_lightning.app.multi_feature.group_specs import ColumnSpec, GroupSpec, Moments
from nested_lightning.app.multi_feature.own_columns import AnyColumn, DateColumn, note_rows
from nested_lightning.app.multi_feature.own_group_specs import AnyGroupSpec
from nested_lightning.app.multi_feature.picture_column import TablePictures
from nested_lightning.app.multi_feature.sorts import read_own_columns
from nested_lightning.app.multi_feature.spec import MultiFeatureDataSpec
from nested_lightning.app.tables.column_reading import read_split_columns
from nested_lightning.app.tables.column_values import Numbers
from nested_lightning.app.tables.missing_values import find_missing, refuse_missing
from nested_lightning.app.tables.number_block import SplitTable
from nested_lightning.app.tables.sample_columns import Flags, SampleColumns, side_by_side

Features = npt.NDArray[Any]

_PREDICTION_ADVICE = (
    "Fill them in; a model trained with multi_feature.data.missing=mean, or where whole groups are missing"
    " with multi_feature.data.allow_missing_groups=true, does without them"
)


@dataclass(frozen=True)
class ReadRows:
    """Rows without labels, before they are encoded; ``presence``: whether one has a group, bool of [N, G]."""

    columns: SampleColumns
    presence: Flags


def read_rows(
    table: SplitTable, data_spec: MultiFeatureDataSpec, pictures: TablePictures | None = None
) -> ReadRows:
    """Read rows without labels, with no other columns than a trained model's, as it needs them.

    Where ``data_spec`` allows missing groups, the table may lack all columns of a group. ``pictures`` reads
    those that it names.

    Raises:
        UserError: A column is not there, is not of numbers, or lacks values that ``data_spec.missing`` does
            not fill in (``drop`` cannot leave out a row that is to be predicted).

    Warns:
        UserWarning: Rows have categories that no row of the training had; they count as none of the known.
    """
    columns_there(table.column_names, data_spec.column_names, data_spec.allow_missing_groups)
    groups = data_spec.column_names
    _refuse_flags(table.others, data_spec)
    own = read_own_columns(table.others, data_spec.sorts, pictures)
    names = [name for name in table.others.column_names if name not in own]
    read = read_split_columns(table, names, categorical=data_spec.categorical)
    columns = read.with_held(own)
    note_unseen(columns, data_spec)
    missing = find_missing(
        columns, groups, table.num_rows, allow_missing_groups=data_spec.allow_missing_groups
    )
    refuse_missing(missing, is_filled_in=data_spec.missing == "mean", advice=_PREDICTION_ADVICE)
    return ReadRows(columns, missing.presence)


def _refuse_flags(table: pa.Table, data_spec: MultiFeatureDataSpec) -> None:
    """Refuse true and false where the training had other numbers than 0 and 1."""
    flags = [field.name for field in table.schema if pa.types.is_boolean(field.type)]
    if wrong := [name for name in flags if data_spec.kinds.get(name) == "number"]:
        raise UserError(
            f"columns hold true and false, where the training had other numbers than 0 and 1:"
            f" {name_list(wrong)}; write the numbers that are meant"
        )


def note_unseen(columns: Mapping[str, AnyColumn], data_spec: MultiFeatureDataSpec) -> None:
    """Warn of what no row of the training had, and how many rows of ``columns`` have: categories, words."""
    for group in data_spec.groups:
        own: Any = columns.get(group.column_names[0])
        if own is not None and not isinstance(group, GroupSpec):
            own.note(group)
    for spec in data_spec.categorical_columns:
        values = columns.get(spec.name)
        if not isinstance(values, pa.StringArray):
            continue
        known = compute.is_in(values, value_set=pa.array(spec.categories, pa.string()))
        if unseen := Counter(values.filter(compute.invert(known)).drop_null().to_pylist()):
            said = "hold what the training never saw, and count as none of its categories:"
            note_rows(spec.name, unseen.total(), len(values), f"{said} {name_list(unseen)}")


def encode_groups(
    columns: Mapping[str, AnyColumn], groups: Sequence[AnyGroupSpec], presence: Flags
) -> dict[str, Features | None]:
    """Return [N, …] of the group's layout, or None where all rows lack it, by ``presence`` of [N, G].

    What is missing in ``columns`` of [N] becomes 0, the median of a scaled column; for pictures see
    `PictureColumn.encode`.
    """
    return {
        group.name: _encode_group(columns, group, len(presence)) if is_there else None
        for group, is_there in groups_there(columns, groups, presence)
    }


def groups_there(
    columns: Mapping[str, AnyColumn], groups: Sequence[AnyGroupSpec], presence: Flags
) -> Iterator[tuple[AnyGroupSpec, bool]]:
    """Yield each group, and whether any row has it, by ``presence`` of [N, G]."""
    for index, group in enumerate(groups):
        is_there = len(presence) == 0 or bool(presence[:, index].any())
        yield group, is_there and group.column_names[0] in columns


def _encode_group(columns: Mapping[str, AnyColumn], group: AnyGroupSpec, num_rows: int) -> Features:
    if not isinstance(group, GroupSpec):
        own: Any = columns[group.column]
        return cast(Features, own.encode(group))
    encoded = np.zeros((num_rows, group.width), dtype=np.float32)
    for names, values in side_by_side(columns, group.column_names):
        if isinstance(values, np.ndarray):
            _encode_numbers(values, group.moments(names), encoded)
            continue
        spec, start = group.places[names[0]]
        part = encoded[:, start : start + spec.width]
        if isinstance(values, DateColumn):
            part[:] = values.encode(spec)
        else:
            _encode_categories(values, spec, part)
    return encoded


def _encode_numbers(values: Numbers, moments: Moments, encoded: Features) -> None:
    numbers = moments.scaled(values if values.ndim == 2 else values[:, np.newaxis])
    numbers[np.isnan(numbers)] = 0.0
    encoded[:, moments.features] = numbers


def _encode_categories(values: pa.StringArray, spec: ColumnSpec, part: Features) -> None:
    codes = category_codes(values, spec)
    rows = np.flatnonzero(codes >= 0)
    part[rows, codes[rows]] = 1.0


def category_codes(values: pa.StringArray, spec: ColumnSpec) -> npt.NDArray[np.int32]:
    """Return the place of each value among a column's categories, [N]; -1: it is none of them."""
    categories = pa.array(spec.categories or (), pa.string())
    codes: npt.NDArray[np.int32] = compute.index_in(values, value_set=categories).fill_null(-1).to_numpy()
    return codes


def columns_there(
    there: Sequence[str], groups: Mapping[str, Sequence[str]], allow_missing_groups: bool
) -> list[str]:
    """Return the columns of all groups, without those of groups that may be missing and are.

    Raises:
        UserError: Columns of a group are not ``there``; names both.
    """
    known = set(there)
    names: list[str] = []
    for group, members in groups.items():
        lacking = [name for name in members if name not in known]
        if allow_missing_groups and len(lacking) == len(members):
            continue
        if lacking:
            raise UserError(
                f"group '{group}' needs {counted(len(lacking), 'column')} that the file lacks:"
                f" {name_list(lacking)}{did_you_mean(lacking[0], there)}"
            )
        names.extend(members)
    return names
