"""Layers of nested values, and assignments to dotted names."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

import yaml

from settings.errors import SettingsError


def merge(lower: Mapping[str, Any], upper: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``lower`` with ``upper`` on top, field by field.

    Where ``upper`` names another ``kind`` than ``lower``, what ``lower`` set for its kind is dropped.
    """
    if "kind" in lower and "kind" in upper and lower["kind"] != upper["kind"]:
        return dict(upper)
    merged = dict(lower)
    for name, value in upper.items():
        below = merged.get(name)
        if isinstance(below, Mapping) and isinstance(value, Mapping):
            merged[name] = merge(below, value)
        else:
            merged[name] = value
    return merged


def nest(path: str, value: Any) -> dict[str, Any]:
    """Return ``{"a": {"b": value}}`` for the path ``a.b``; ``%2E`` in a name stands for a dot."""
    nested = value
    for name in reversed(path.split(".")):
        nested = {unquote(name): nested}
    return dict(nested)


def parse_assignment(text: str) -> dict[str, Any]:
    """Return ``multi_feature.head.dropout=0.2`` as nested values; the value is read as YAML.

    Raises:
        SettingsError: There is no ``=``, a name is empty, or the value isn't YAML.
    """
    path, equals, value = text.partition("=")
    path = path.strip()
    if not equals or not all(path.split(".")):
        raise SettingsError([f"--set {text}: write it as dotted.name=value, e.g. trainer.max_epochs=10"])
    try:
        return nest(path, yaml.safe_load(value))
    except yaml.YAMLError as error:
        reason = str(error).splitlines()[0]
        raise SettingsError([f"--set {path}: the value '{value}' is not YAML: {reason}"]) from None
