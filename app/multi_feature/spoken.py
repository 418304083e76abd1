"""Predictions as JSON: an object for each row, and its schema."""

from collections.abc import Mapping, Sequence
from typing import Any

from nested_lightning.app.errors import UserError
from nested_lightning.app.multi_feature.objectives.predictions import (
    ClassPredictions,
    LabelPredictions,
    NumberPredictions,
    SeveralPredictions,
)
from nested_lightning.app.record_files import plain_values

Answer = Mapping[str, Any]


def speak(predictions: Any) -> list[Answer]:
    """Return an object for each row.

    Raises:
        UserError: An objective of one's own gives no rows.
    """
    if isinstance(predictions, SeveralPredictions):
        columns = {name: speak(one) for name, one in predictions.by_column.items()}
        return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    if isinstance(predictions, ClassPredictions):
        return _with_probabilities(predictions.classes, predictions.class_names, predictions.probabilities)
    if isinstance(predictions, LabelPredictions):
        return _with_probabilities(predictions.labels, predictions.target.names, predictions.probabilities)
    if isinstance(predictions, NumberPredictions):
        quantiles = {f"{level:g}": values.tolist() for level, values in predictions.quantiles.items()}
        return [
            {"prediction": value, "quantiles": {level: values[i] for level, values in quantiles.items()}}
            for i, value in enumerate(predictions.values.tolist())
        ]
    if not hasattr(predictions, "to_records"):
        raise UserError(f"{type(predictions).__name__} has no to_records, which gives an answer for each row")
    return [plain_values(one) for one in predictions.to_records()]


def _with_probabilities(said: Sequence[Any], names: Sequence[str], probabilities: Any) -> list[Answer]:
    return [
        {"prediction": one, "probabilities": dict(zip(names, row, strict=True))}
        for one, row in zip(said, probabilities.tolist(), strict=True)
    ]


def describe_answers(predictions: Any, columns: Sequence[str]) -> dict[str, Any]:
    """Return a description, by predictions of any rows, of the answer to each row, for forms and people."""
    target = ", ".join(columns)
    if isinstance(predictions, SeveralPredictions):
        named = {name: describe_answers(one, [name]) for name, one in predictions.by_column.items()}
        return {"kind": "several", "columns": named}
    if isinstance(predictions, ClassPredictions):
        names, threshold = predictions.class_names, predictions.threshold
        return {"kind": "classes", "target": target, "classes": names, "threshold": threshold}
    if isinstance(predictions, LabelPredictions):
        names, threshold = predictions.target.names, predictions.threshold
        return {"kind": "labels", "target": target, "labels": names, "threshold": threshold}
    if isinstance(predictions, NumberPredictions):
        return {"kind": "number", "target": target, "quantiles": [*predictions.quantiles]}
    return {"kind": "other"}


def schema_of(described: Mapping[str, Any]) -> dict[str, Any]:
    """Return the JSON schema of an answer that was described."""
    if described["kind"] == "other":
        return {"type": "object"}
    if described["kind"] == "several":
        return _object({name: schema_of(one) for name, one in described["columns"].items()})
    if described["kind"] == "number":
        return _object({"prediction": {"type": "number"}, "quantiles": _object({})})
    names = described.get("classes") or described["labels"]
    share = {"type": "number", "minimum": 0, "maximum": 1}
    one: dict[str, Any] = {"enum": [*names]}
    said = one if described["kind"] == "classes" else {"type": "array", "items": one}
    return _object({"prediction": said, "probabilities": _object(dict.fromkeys(names, share))})


def _object(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": dict(properties), "required": [*properties]}
