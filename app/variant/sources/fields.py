"""Inputs and labels in the fields of a row, checked; who reads the row names its place in errors."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from nested_lightning.app.errors import UserError, counted, did_you_mean
from nested_lightning.app.tables.column_values import text_of
from nested_lightning.app.variant.sources.records import InputKind, RawSequence

FIELDS: dict[InputKind, str] = {"characters": "text", "tokens": "tokens", "vectors": "vectors"}
"""The field that holds a sequence of each kind."""


def find_kind(values: Mapping[str, Any]) -> InputKind:
    """Return the kind of sequence that a row has a field for.

    Raises:
        UserError: It has none of them, or several.
    """
    found = [kind for kind, field in FIELDS.items() if values.get(field) is not None]
    if len(found) == 1:
        return found[0]
    number = "several of them" if found else "none of them"
    raise UserError(
        f"one field must hold the sequence: {', '.join(FIELDS.values())}; there is {number}"
        f" (fields: {', '.join(values) or 'none'})"
    )


def read_inputs(values: Mapping[str, Any], kind: InputKind, width: int | None = None) -> RawSequence:
    """Return the sequence of a row: a string, a list of strings, or float32 of [L, F], F any without a width.

    Raises:
        UserError: The field is missing, empty or of another type, or a vector has another width.
    """
    field = FIELDS[kind]
    value = values.get(field)
    if value is None:
        near = did_you_mean(field, values)
        raise UserError(f"has no field '{field}'{near} (fields: {', '.join(values) or 'none'})")
    if kind == "vectors":
        return _read_vectors(value, width)
    expected = str if kind == "characters" else list
    if not isinstance(value, expected):
        raise UserError(f"'{field}' must be a {'string' if expected is str else 'list of strings'}")
    if not value:
        raise UserError(f"'{field}' is empty; a sequence needs at least one step")
    return value if isinstance(value, str) else _read_names(value, "token")


def read_labels(values: Mapping[str, Any], length: int) -> list[str] | str:
    """Return a row's labels as text: a list of one for each step, or one for the sequence.

    Raises:
        UserError: There are none, both, or another number than the sequence has steps.
    """
    labels, label = values.get("labels"), values.get("label")
    if (labels is None) == (label is None):
        raise UserError("needs either 'labels', one for each step, or 'label', one for the sequence")
    if label is not None:
        return _read_names([label], "label")[0]
    if not isinstance(labels, list):
        raise UserError("'labels' must be a list with one label for each step")
    if len(labels) != length:
        raise UserError(
            f"{counted(length, 'step')}, but {counted(len(labels), 'label')}; each step needs one"
        )
    return _read_names(labels, "label")


def encode_labels(labels: list[str] | str, class_names: Sequence[str]) -> npt.NDArray[np.int64]:
    """Return class indices of [L], or of [1] for a label of the whole sequence.

    Raises:
        UserError: A label is no class; the message lists the classes.
    """
    indices = {name: index for index, name in enumerate(class_names)}
    names = [labels] if isinstance(labels, str) else labels
    for number, name in enumerate(names, start=1):
        if name not in indices:
            which = "the label" if isinstance(labels, str) else f"label {number}"
            raise UserError(
                f"{which} is '{name}', which is none of the classes{did_you_mean(name, class_names)}"
                f" (classes: {', '.join(class_names)})"
            )
    return np.array([indices[name] for name in names], dtype=np.int64)


def _read_names(values: Sequence[Any], noun: str) -> list[str]:
    """Return tokens or labels as text, of which 1 and 1.0 are one."""
    names = []
    for number, value in enumerate(values, start=1):
        name = text_of(value)
        if name is None:
            raise UserError(f"{noun} {number} is null; each step needs one")
        if isinstance(value, list | dict):
            raise UserError(f"{noun} {number} must be text or a number")
        names.append(name)
    return names


def _read_vectors(value: Any, width: int | None) -> npt.NDArray[np.float32]:
    if not isinstance(value, list) or not all(isinstance(vector, list) for vector in value):
        raise UserError("'vectors' must be a list of lists of numbers, one for each step")
    if not value:
        raise UserError("'vectors' is empty; a sequence needs at least one step")
    width = len(value[0]) if width is None else width
    for number, vector in enumerate(value, start=1):
        if len(vector) != width:
            raise UserError(f"vector {number} has {counted(len(vector), 'number')}, and {width} are needed")
    if width == 0:
        raise UserError("its vectors hold no numbers")
    if any(isinstance(number, bool) for vector in value for number in vector):
        raise UserError("'vectors' holds true or false; write the numbers that are meant")
    try:
        with np.errstate(over="ignore"):
            vectors = np.array(value, dtype=np.float32)
    except (TypeError, ValueError, OverflowError):
        raise UserError("'vectors' holds something that is no number") from None
    if not np.isfinite(vectors).all():
        step, feature = np.argwhere(~np.isfinite(vectors))[0]
        raise UserError(f"number {feature + 1} of vector {step + 1} is missing or infinite")
    return vectors
