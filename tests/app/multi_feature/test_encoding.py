"""Features of tables that a trained model predicts."""

from dataclasses import replace

import pyarrow as pa
import pytest
import torch
from torch import Tensor

from nested_lightning.app.errors import UserError
from nested_lightning.app.multi_feature.batch import FeatureBatch
from nested_lightning.app.multi_feature.encoding import columns_there, read_rows
from nested_lightning.app.multi_feature.group_specs import ColumnSpec, GroupSpec
from nested_lightning.app.multi_feature.predict import to_batch
from nested_lightning.app.multi_feature.spec import MultiFeatureDataSpec
from nested_lightning.app.multi_feature.targets.specs import ClassTarget
from nested_lightning.app.tables.number_block import SplitTable

_SPEC = MultiFeatureDataSpec(
    groups=(
        GroupSpec(
            name="kar",
            columns=(
                ColumnSpec(name="kar_0", mean=2.0, scale=4.0),
                ColumnSpec(name="colour", categories=("blue", "red")),
            ),
        ),
        GroupSpec(name="fou", columns=(ColumnSpec(name="fou_0", mean=-1.0, scale=0.5),)),
    ),
    target=ClassTarget(column="kind", names=("a", "b"), counts=(1, 1)),
)
_TABLE = pa.table(
    {
        "fou_0": [0.0, -1.0],
        "note": ["x", "y"],
        "colour": ["red", "violet"],
        "kar_0": [2, 10],
        "kind": ["?", ""],
    }
)


def encode_features(table: pa.Table, spec: MultiFeatureDataSpec) -> FeatureBatch:
    names = columns_there(table.column_names, spec.column_names, spec.allow_missing_groups)
    rows = SplitTable.of_table(table.select(names), apart=spec.no_numbers)
    return to_batch(read_rows(rows, spec), spec)


def _values(tensor: Tensor | None) -> list[list[float]]:
    assert tensor is not None
    assert tensor.dtype == torch.float32
    values: list[list[float]] = tensor.tolist()
    return values


def _with(name: str, values: list[object]) -> pa.Table:
    return _TABLE.set_column(_TABLE.column_names.index(name), name, [values])


def test_features_are_standardised_and_one_hot_in_the_spec_s_order() -> None:
    batch = encode_features(_TABLE, _SPEC)
    assert list(batch.features) == ["kar", "fou"]
    assert _values(batch.features["kar"]) == [[0.0, 0.0, 1.0], [2.0, 0.0, 0.0]]
    assert _values(batch.features["fou"]) == [[2.0], [0.0]]
    assert batch.presence is None
    assert batch.target is None


def test_features_far_from_the_median_are_drawn_in_and_near_ones_stay() -> None:
    column = ColumnSpec(name="fou_0", mean=-1.0, scale=0.5, is_clipped=True)
    spec = replace(_SPEC, groups=(GroupSpec(name="fou", columns=(column,)),))
    (near,), (far,) = _values(encode_features(_with("fou_0", [-0.95, 1e9]), spec).features["fou"])
    assert near == pytest.approx(0.1, rel=1e-3)
    assert far == pytest.approx(3.0)


def test_features_of_a_category_not_seen_in_training_are_zero() -> None:
    assert _values(encode_features(_TABLE, _SPEC).features["kar"])[1][1:] == [0.0, 0.0]


def test_features_that_are_missing_become_the_mean() -> None:
    table = _with("kar_0", [None, 6.0])
    batch = encode_features(table, replace(_SPEC, missing="mean"))
    assert _values(batch.features["kar"]) == [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]


@pytest.mark.parametrize("policy", ["error", "drop"])
def test_features_that_are_missing_are_refused_without_a_mean(policy: str) -> None:
    spec = MultiFeatureDataSpec.from_dict({**_SPEC.to_dict(), "missing": policy})
    with pytest.raises(UserError, match=r"1 missing value in 1 of 2 rows, .* in columns 'kar_0' \(1\)"):
        encode_features(_with("kar_0", [None, 6.0]), spec)


def test_missing_group_of_a_row_is_absent_and_zero() -> None:
    batch = encode_features(_with("fou_0", [None, 1.0]), replace(_SPEC, allow_missing_groups=True))
    assert batch.presence is not None
    assert batch.presence.tolist() == [[True, False], [True, True]]
    assert _values(batch.features["fou"]) == [[0.0], [4.0]]


@pytest.mark.parametrize("table", [_TABLE.drop_columns(["fou_0"]), _with("fou_0", [None, None])])
def test_missing_group_of_all_rows_is_none(table: pa.Table) -> None:
    batch = encode_features(table, replace(_SPEC, allow_missing_groups=True))
    assert batch.features["fou"] is None
    assert batch.presence is not None
    assert batch.presence.tolist() == [[True, False]] * 2


def test_missing_group_is_refused_where_it_must_be_there() -> None:
    with pytest.raises(UserError, match="group 'fou' needs 1 column that the file lacks: 'fou_0'"):
        encode_features(_TABLE.drop_columns(["fou_0"]), _SPEC)


def test_missing_part_of_a_group_is_refused_though_groups_may_be_missing() -> None:
    table = _TABLE.rename_columns({"kar_0": "kar_00"})
    with pytest.raises(UserError, match=r"group 'kar' needs .*: 'kar_0'; did you mean 'kar_00'"):
        encode_features(table, replace(_SPEC, allow_missing_groups=True))


def test_rows_without_any_group_are_refused() -> None:
    table = pa.table({"kar_0": [1.0, None], "colour": ["red", None], "fou_0": [1.0, None]})
    with pytest.raises(UserError, match="no group has any value in 1 row, first in row 2"):
        encode_features(table, replace(_SPEC, allow_missing_groups=True, missing="mean"))


def test_features_of_no_rows_have_their_widths() -> None:
    batch = encode_features(_TABLE.slice(0, 0), _SPEC)
    assert {name: tensor is not None and tensor.shape for name, tensor in batch.features.items()} == {
        "kar": (0, 3),
        "fou": (0, 1),
    }
