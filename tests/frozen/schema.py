"""What a settings file may say: names, kinds, defaults and bounds, without the words that describe them."""

from collections.abc import Mapping
from typing import Any

from nested_lightning.settings.application import application_settings_model

Schema = dict[str, Any]

_LEFT_OUT = ("$defs", "description", "discriminator", "title")


def record_schema() -> Schema:
    """Return the schema of all settings, with each definition at the places where it is used."""
    schema = application_settings_model().model_json_schema()
    return _without_words(schema, schema["$defs"])


def _without_words(node: Mapping[str, Any], definitions: Mapping[str, Any]) -> Schema:
    whole = {**definitions[node["$ref"].rpartition("/")[2]], **node} if "$ref" in node else node
    return {
        name: _plain(name, whole[name], definitions)
        for name in sorted(whole)
        if name not in (*_LEFT_OUT, "$ref")
    }


def _plain(name: str, value: Any, definitions: Mapping[str, Any]) -> Any:
    if name == "properties":
        return {field: _without_words(value[field], definitions) for field in sorted(value)}
    if name in ("anyOf", "oneOf", "prefixItems"):
        return _by_kind([_without_words(option, definitions) for option in value])
    if name in ("items", "additionalProperties") and isinstance(value, Mapping):
        return _without_words(value, definitions)
    return value


def _by_kind(options: list[Schema]) -> dict[str, Schema] | list[Schema]:
    """Return options by the kind that chooses them, in a list where they have none."""
    kinds = [option.get("properties", {}).get("kind", {}).get("const") for option in options]
    return options if None in kinds else dict(zip(kinds, options, strict=True))
