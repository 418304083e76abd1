"""A model's columns, described for forms, and an example row."""

from datetime import UTC, datetime
from typing import Any

from nested_lightning.app.multi_feature.group_specs import ColumnSpec
from nested_lightning.app.multi_feature.row_schema import Kind, kinds_of, may_be_missing
from nested_lightning.app.multi_feature.spec import MultiFeatureDataSpec

_EXAMPLES: dict[Kind, Any] = {"text": "a text", "sequence": [0.0, 1.0], "picture": "picture.png"}
_MAX_CATEGORIES = 200


def describe_columns(spec: MultiFeatureDataSpec) -> list[dict[str, Any]]:
    """Return name, group and kind of each column, and what its values were in the training."""
    kinds, may_lack = kinds_of(spec), may_be_missing(spec)
    own = {one.name: one for group in spec.groups for one in group.columns}
    return [
        {
            "name": name,
            "group": group,
            "kind": kinds[name],
            "may_be_missing": may_lack,
            **_values(own.get(name)),
        }
        for group, names in spec.column_names.items()
        for name in names
    ]


def example_row(spec: MultiFeatureDataSpec) -> dict[str, Any]:
    """Return a row of means, first categories, and whatever stands for texts, sequences and pictures."""
    own = {one.name: one for group in spec.groups for one in group.columns}
    return {name: _example(kind, own.get(name)) for name, kind in kinds_of(spec).items()}


def _values(column: ColumnSpec | None) -> dict[str, Any]:
    if column is None or column.is_date:
        return {}
    if column.categories is not None:
        return {"categories": column.categories[:_MAX_CATEGORIES]}
    return {"mean": column.mean, "scale": column.scale}


def _example(kind: Kind, column: ColumnSpec | None) -> Any:
    if column is None:
        return _EXAMPLES[kind]
    if column.is_date:
        return datetime.fromtimestamp(column.mean, UTC).replace(tzinfo=None).isoformat(timespec="seconds")
    if column.categories is not None:
        return column.categories[0] if column.categories else "?"
    return float(f"{column.mean:.6g}")
