"""The data spec of the multi-feature family."""

import json
from typing import Any

import pytest

from nested_lightning.app.errors import UserError
from nested_lightning.app.multi_feature.group_specs import ColumnSpec, GroupSpec
from nested_lightning.app.multi_feature.spec import MultiFeatureDataSpec
from nested_lightning.app.multi_feature.targets.specs import ClassTarget


def _spec() -> MultiFeatureDataSpec:
    return MultiFeatureDataSpec(
        groups=(
            GroupSpec(
                name="a.b",
                columns=(
                    ColumnSpec(name="x", mean=0.1 + 0.2, scale=1e-30),
                    ColumnSpec(name="c", categories=("red", "blue")),
                ),
            ),
            GroupSpec(name="values", columns=(ColumnSpec(name="y"),)),
        ),
        target=ClassTarget(column="kind", names=("1", "2"), counts=(7, 9)),
        missing="mean",
        allow_missing_groups=True,
    )


def test_data_spec_has_the_widths_of_its_groups() -> None:
    assert _spec().widths == {"a.b": 3, "values": 1}


def test_data_spec_names_its_columns() -> None:
    assert _spec().column_names == {"a.b": ("x", "c"), "values": ("y",)}
    assert _spec().categorical == ("c",)


def test_data_spec_survives_json_exactly() -> None:
    assert MultiFeatureDataSpec.from_dict(json.loads(json.dumps(_spec().to_dict()))) == _spec()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"missing": "zero"}, "missing: Input should be 'error', 'mean' or 'drop'"),
        ({"colour": "red"}, "colour: "),
        ({"groups": []}, "groups: "),
        (
            {"target": {"kind": "classes", "column": "kind", "names": ["only"], "counts": [1]}},
            r"target\.classes\.names: ",
        ),
        (
            {"groups": [{"name": "g", "columns": [{"name": "x", "scale": 0.0}]}]},
            r"groups\.0\.columns\.columns\.0\.scale: ",
        ),
        (
            {"groups": [{"name": "g", "columns": [{"name": "x", "mean": float("nan")}]}]},
            r"groups\.0\.columns\.columns\.0\.mean: ",
        ),
    ],
)
def test_data_spec_that_is_wrong_is_refused_with_the_field(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=f"no data spec of the multi-feature family: {message}"):
        MultiFeatureDataSpec.from_dict({**_spec().to_dict(), **changes})
