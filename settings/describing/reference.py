"""All settings as rows of a table: path, default, what is allowed, what it means."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated, Any

from pydantic import BaseModel, TypeAdapter
from pydantic.fields import FieldInfo

from nested_lightning.settings.describing.walking import NamedItems, Place, fields_of
from nested_lightning.settings.slot import Slot

_TYPES = {
    "integer": "whole number",
    "string": "text",
    "boolean": "true, false",
    "array": "list",
    "object": "mapping",
}
_BOUNDS = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}


@dataclass(frozen=True, kw_only=True)
class SettingRow:
    """One setting.

    Attributes:
        path: Dotted; ``NAME`` stands where the user chooses a name.
        kind: Of the choice that has it, where there are several; else empty.
        default: As it is written in a settings file; empty where others stand for it.
        allowed: Types and bounds, or the values themselves.
        meaning: Its description.
    """

    path: str
    kind: str = ""
    default: str = ""
    allowed: str = ""
    meaning: str = ""


def setting_rows(model: type[BaseModel]) -> Iterator[SettingRow]:
    """Yield a row for each setting of a model, of its nested models and of every choice.

    What stands in several places is described once; the others name that place.
    """
    yield from _rows_of_model(model, "", told={})


def _rows_of_model(
    model: type[BaseModel], path: str, told: dict[Any, str], stands: Any = None
) -> Iterator[SettingRow]:
    """Yield the rows of a model, with the defaults that ``stands`` has where it is such a model."""
    for name, place in fields_of(model).items():
        field = model.model_fields[name]
        default = None if field.is_required() else field.get_default(call_default_factory=True)
        if isinstance(stands, model):
            default = getattr(stands, name)
        yield from _rows_of_field(field, place, f"{path}.{name}".lstrip("."), told, default)


def _rows_of_field(
    field: FieldInfo, place: Place, path: str, told: dict[Any, str], default: Any
) -> Iterator[SettingRow]:
    meaning = field.description or ""
    if place is None:
        written = "" if field.is_required() else written_value(field, default)
        yield SettingRow(path=path, default=written, allowed=allowed_values(field), meaning=meaning)
        return
    if isinstance(place, NamedItems):
        place, path, default = place.item, f"{path}.NAME", None
        yield SettingRow(path=path, meaning=meaning)
    elif default is None and not field.is_required():
        yield SettingRow(path=path, default="null", meaning=meaning)
    yield from _rows_of_place(place, path, meaning, told, default)


def _rows_of_place(
    place: Place, path: str, meaning: str, told: dict[Any, str], default: Any
) -> Iterator[SettingRow]:
    known = told.setdefault(id(place), path)
    if known != path:
        yield SettingRow(path=f"{path}.…", meaning=f"As `{known}`. {meaning}")
    elif isinstance(place, Slot):
        kind = getattr(default, "kind", place.default)
        yield SettingRow(path=f"{path}.kind", default=kind, allowed=", ".join(place.choices), meaning=meaning)
        for kind, choice in place.choices.items():
            rows = _rows_of_model(choice, path, told, default)
            yield from (replace(row, kind=row.kind or kind) for row in rows if row.path != f"{path}.kind")
    elif isinstance(place, type):
        yield from _rows_of_model(place, path, told, default)


def written_value(field: FieldInfo, value: Any) -> str:
    """Return a field's value as it is written in a settings file."""
    return json.dumps(_adapter(field).dump_python(value, mode="json"), ensure_ascii=False)


def allowed_values(field: FieldInfo) -> str:
    """Return what a field takes: types and bounds, or the values themselves."""
    schema = value_schema(field)
    return " or ".join(map(_option, schema.get("anyOf", [schema])))


def value_schema(field: FieldInfo) -> dict[str, Any]:
    """Return the JSON schema of a field's value without references; what holds its like may be anything."""
    schema = _adapter(field).json_schema()
    whole: dict[str, Any] = _inlined(schema, schema.get("$defs", {}))
    return whole


def _inlined(schema: Any, named: dict[str, Any]) -> Any:
    if isinstance(schema, list):
        return [_inlined(inner, named) for inner in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return _inlined(named.get(name, {}), {other: one for other, one in named.items() if other != name})
    return {name: _inlined(inner, named) for name, inner in schema.items() if name != "$defs"}


def _option(schema: dict[str, Any]) -> str:
    if "enum" in schema or "const" in schema:
        return ", ".join(json.dumps(value) for value in schema.get("enum", [schema.get("const")]))
    kind = schema.get("type", "")
    bounds = [f"{sign} {schema[name]}" for name, sign in _BOUNDS.items() if name in schema]
    return " ".join([_TYPES.get(kind, kind), *bounds])


def _adapter(field: FieldInfo) -> TypeAdapter[Any]:
    annotated: Any = field.annotation
    for constraint in field.metadata:
        annotated = Annotated[annotated, constraint]
    return TypeAdapter(annotated)
