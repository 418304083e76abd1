"""What a row of a request may hold: cells as ``predict`` reads them in a file, described, and an example."""

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from itertools import chain
from typing import Any

import numpy as np
import pyarrow as pa
from pydantic_core import SchemaValidator
from pydantic_core import core_schema as cs

from nested_lightning.app.multi_feature.group_specs import ColumnSpec, Kind
from nested_lightning.app.multi_feature.sorts import list_of
from nested_lightning.app.multi_feature.spec import MultiFeatureDataSpec
from nested_lightning.app.serving.forms import body_schema
from nested_lightning.app.tables.column_reading import MAX_MAGNITUDE
from nested_lightning.app.tables.column_values import TEXT_NULLS, Numbers, is_number, number_values

_EXAMPLES: dict[Kind, Any] = {"text": "a text", "sequence": [0.0, 1.0], "picture": "picture.png"}
_MAX_CATEGORIES = 200
_SAY: Mapping[Kind, str] = {
    "number": f"should be a number, at most ±{MAX_MAGNITUDE:g}",
    "boolean": "should be 0 or 1, or true or false",
    "category": "should be a text or a number",
    "date": "should be a date such as 2024-01-31 or 2024-01-31T18:30:00",
    "text": "should be a text",
    "sequence": "should be a list of numbers",
    "picture": "should be the name of a picture that is sent along",
}


def kinds_of(spec: MultiFeatureDataSpec) -> dict[str, Kind]:
    """Return what the cells of each column are, by its name; tokens are texts."""
    return {name: "text" if kind == "tokens" else kind for name, kind in spec.kinds.items()}


def row_validator(spec: MultiFeatureDataSpec, max_rows: int) -> SchemaValidator:
    """Return what checks ``{"rows": […]}`` as Python has it, and gives cells of one type for each column.

    Columns that the model doesn't know are left out. Where nothing may be missing, each row needs them all.
    """
    may_lack = may_be_missing(spec)
    columns = {
        name: cs.typed_dict_field(_cell(kind, may_lack), required=not may_lack)
        for name, kind in kinds_of(spec).items()
    }
    row = cs.typed_dict_schema(columns, extra_behavior="ignore", strict=True)
    rows = cs.list_schema(row, min_length=1, max_length=max_rows, strict=True)
    return SchemaValidator(
        cs.typed_dict_schema({"rows": cs.typed_dict_field(rows)}, extra_behavior="forbid", strict=True)
    )


def plain_numbers(given: Any, names: Sequence[str], *, max_rows: int) -> Numbers | None:
    """Return ``{"rows": […]}`` as float64 of [N, F], if it is as most requests: numbers for all columns.

    None: anything else is there, or it is too large, which `row_validator` reads.
    """
    match given:
        case {"rows": [_, *_] as rows} if (
            len(given) == 1 and len(rows) <= max_rows and {*map(type, rows)} == {dict}
        ):
            cells = [*chain.from_iterable(map(row.get, names) for row in rows)]
            if {*map(type, cells)} <= {float, int}:
                with suppress(OverflowError):  # integers that are larger than any float64
                    numbers = np.fromiter(cells, np.float64, len(cells))
                    if np.abs(numbers).max() <= MAX_MAGNITUDE:
                        return numbers.reshape(len(rows), len(names))
    return None


def may_be_missing(spec: MultiFeatureDataSpec) -> bool:
    """Return whether the model does without a value somewhere."""
    return spec.missing == "mean" or spec.allow_missing_groups


def rows_schema(spec: MultiFeatureDataSpec, max_rows: int) -> dict[str, Any]:
    """Return the JSON schema of such a body."""
    may_lack, kinds = may_be_missing(spec), kinds_of(spec)
    row = {
        "type": "object",
        "properties": {name: _json_cell(kind, may_lack) for name, kind in kinds.items()},
        "required": [] if may_lack else [*kinds],
    }
    rows = {"type": "array", "items": row, "minItems": 1, "maxItems": max_rows}
    return body_schema({"rows": rows}, required=["rows"])


def _cell(kind: Kind, may_lack: bool) -> cs.CoreSchema:
    message = _SAY[kind] if may_lack else f"{_SAY[kind]}; none may be missing"
    choices: list[cs.CoreSchema | tuple[cs.CoreSchema, str]] = [*_readings(kind, may_lack)]
    if may_lack:
        choices.append(cs.none_schema())
    return cs.union_schema(
        choices, mode="left_to_right", custom_error_type="cell", custom_error_message=message
    )


def _readings(kind: Kind, may_lack: bool) -> Sequence[cs.CoreSchema]:
    number = cs.float_schema(strict=True, allow_inf_nan=False, ge=-MAX_MAGNITUDE, le=MAX_MAGNITUDE)
    flag = cs.bool_schema(strict=True)
    if kind == "sequence":
        return [cs.list_schema(number, strict=True), _text(list_of, may_lack)]
    if kind in ("number", "boolean"):
        flags = [cs.no_info_after_validator_function(float, flag)] if kind == "boolean" else []
        return [number, *flags, _text(_number_of, may_lack)]
    if kind == "date":
        return [_text(_date_of, may_lack)]
    texts = [_text(_text_of, may_lack)]
    if kind != "picture":
        plain = [cs.int_schema(strict=True), number, *([flag] if kind == "category" else [])]
        texts += [cs.no_info_after_validator_function(str, one) for one in plain]
    return texts


def _text(read: Callable[[str], Any], may_lack: bool) -> cs.CoreSchema:
    """Return what takes texts; some stand for nothing, as in a file."""

    def read_known(text: str) -> Any:
        value = read(text)
        if value is None and not may_lack:
            raise ValueError
        return value

    return cs.no_info_after_validator_function(read_known, cs.str_schema(strict=True))


def _text_of(text: str) -> str | None:
    return None if text.strip() in TEXT_NULLS else text


def _number_of(text: str) -> float | None:
    numbers = number_values(pa.chunked_array([[text]]))
    if numbers is None or abs(numbers[0]) > MAX_MAGNITUDE:
        raise ValueError
    return None if math.isnan(numbers[0]) else float(numbers[0])


def _date_of(text: str) -> str | None:
    known = _text_of(text)
    if known is not None:
        if is_number(known):
            raise ValueError
        datetime.fromisoformat(known.strip())
    return known


def _json_cell(kind: Kind, may_lack: bool) -> dict[str, Any]:
    types = {"boolean": ["boolean", "number"], "number": ["number"], "sequence": ["array"]}.get(
        kind, ["string"]
    )
    if kind == "category":
        types = ["string", "number", "boolean"]
    items = {"items": {"type": "number"}} if kind == "sequence" else {}
    described = {"date": {"format": "date-time"}}.get(kind, {})
    return {"type": types + (["null"] if may_lack else []), **items, **described}


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
