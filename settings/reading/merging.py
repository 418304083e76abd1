"""Layers of nested values, and assignments to dotted names."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import reduce
from typing import Any

from pydantic import BaseModel

from nested_lightning.settings.base import Follows, Settings
from nested_lightning.settings.describing.walking import NamedItems, Place, dotted, names_of, step
from nested_lightning.settings.reading.errors import SettingsError
from nested_lightning.settings.reading.layers import Layer, Names
from nested_lightning.settings.slot import Slot

_ABSENT = object()
_NOTHING: Mapping[str, Any] = {}
_LONE_SIGNS = frozenset("|>,:-#&*!%@?`")
"""Signs with which YAML begins something, so that alone they say nothing in it."""


def merge(
    lower: Mapping[str, Any],
    upper: Mapping[str, Any],
    place: Place = None,
    dropped: list[str] | None = None,
    unset: Mapping[str, Any] = _NOTHING,
    names: Names = (),
) -> dict[str, Any]:
    """Return ``lower`` with ``upper`` on top, field by field.

    Where ``upper`` names another ``kind`` than ``lower``, what ``lower`` set for its kind is dropped. An item
    of a named collection that ``upper`` sets to None is removed.

    Args:
        lower: Nested values.
        upper: Nested values above them.
        place: What stands here in the settings, so that a kind that isn't named is known.
        dropped: Receives a line for each choice that was replaced by another kind.
        unset: Nested values in ``lower`` that nobody set, of which no line speaks.
        names: Path of all of them.
    """
    dropped = [] if dropped is None else dropped
    before, after = _kind(lower, place), _kind(upper, place)
    if "kind" in upper and before is not None and before != after:
        own = {name: value for name, value in lower.items() if value != unset.get(name, _ABSENT)}
        if lost := ", ".join(f"{name}={value}" for name, value in own.items() if name != "kind"):
            dropped.append(f"{dotted(names)}: {after} replaces {before}, so {lost} is dropped")
        return dict(upper)
    if isinstance(place, Slot):
        place = place.choices.get(str(after if "kind" in upper else before))
    merged = dict(lower)
    gone = place.gone if isinstance(place, type) and issubclass(place, Settings) else {}
    for name in gone.keys() & upper.keys():
        merged.pop(name, None)
        dropped.append(f"{dotted((*names, name))}: is no setting any more, and left out ({gone[name]})")
    for name, value in upper.items():
        if name in gone:
            continue
        below = merged.get(name, {})
        if value is None and isinstance(place, NamedItems):
            merged.pop(name, None)
        elif isinstance(below, Mapping) and isinstance(value, Mapping):
            inner = unset.get(name, _NOTHING)
            inner = inner if isinstance(inner, Mapping) else _NOTHING
            merged[name] = merge(below, value, step(place, name), dropped, inner, (*names, name))
        else:
            merged[name] = value
    for follower, leader in _outdated(lower, upper, place):
        value = merged.pop(follower)
        if value != unset.get(follower, _ABSENT):
            new = f"{dotted((*names, leader))}: {upper[leader]} is new"
            dropped.append(f"{new}, so {follower}={value} is dropped")
    return merged


def merge_layers(
    layers: Iterable[Layer], model: type[BaseModel], dropped: list[str] | None = None
) -> list[dict[str, Any]]:
    """Return what has been merged after each layer of exact names, the lowest first.

    ``dropped`` receives a line for each choice that was replaced.
    """
    stages: list[dict[str, Any]] = []
    unset: Mapping[str, Any] = _NOTHING
    for layer in layers:
        unset = layer.values if layer.is_default else unset
        stages.append(merge(stages[-1] if stages else {}, layer.values, model, dropped, unset))
    return stages


def _outdated(lower: Mapping[str, Any], upper: Mapping[str, Any], place: Place) -> Iterator[tuple[str, str]]:
    """Yield the values of ``lower`` that differ in ``upper``, with their names."""
    fields = place.model_fields if isinstance(place, type) else {}
    for name in fields.keys() & lower.keys() - upper.keys():
        for entry in fields[name].metadata:
            if isinstance(entry, Follows) and entry.leader in upper:
                before = lower.get(entry.leader, fields[entry.leader].default)
                if upper[entry.leader] != before:
                    yield name, entry.leader


def _kind(values: Mapping[str, Any], place: Place) -> Any:
    return place.kind_of(dict(values)) if isinstance(place, Slot) else values.get("kind")


def difference(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Return both values of what differs between nested values, by dotted name; None where there is none."""
    one, other = flatten(first), flatten(second)
    return {
        ".".join(names): (before, after)
        for names in dict.fromkeys([*one, *other])
        if (before := one.get(names)) != (after := other.get(names))
    }


def flatten(values: Mapping[str, Any], names: Names = ()) -> dict[Names, Any]:
    """Return the value at the end of each path; an empty mapping is such a value."""
    ends: dict[Names, Any] = {}
    for name, value in values.items():
        if isinstance(value, Mapping) and value:
            ends |= flatten(value, (*names, name))
        else:
            ends[(*names, name)] = value
    return ends


def nest(path: str, value: Any) -> dict[str, Any]:
    """Return ``{"a": {"b": value}}`` for the path ``a.b``; ``%2E`` in a name stands for a dot."""
    return nest_at(names_of(path), value)


def nested(values: Mapping[Any, Any]) -> dict[Any, Any]:
    """Return values, some with dotted names, as nested ones; later ones win."""
    each = (nest(name, value) if isinstance(name, str) else {name: value} for name, value in values.items())
    return reduce(merge, each, {})


def nest_at(names: Sequence[str], value: Any) -> dict[str, Any]:
    """Return ``{"a": {"b": value}}`` for the names ``a`` and ``b``."""
    nested = value
    for name in reversed(names):
        nested = {name: nested}
    return dict(nested)


def parse_assignment(text: str, *, option: str = "--set") -> dict[str, Any]:
    """Return ``multi_feature.head.dropout=0.2`` as nested values; the value is read as YAML.

    A sign alone, such as ``|``, is itself.

    Args:
        text: A dotted name, or a pattern of such, and a value.
        option: What it was given by, for messages.

    Raises:
        SettingsError: There is no ``=``, a name is empty, or the value isn't YAML.
    """
    path, equals, value = text.partition("=")
    path = path.strip()
    if not equals or not all(path.split(".")):
        raise SettingsError([f"{option} {text}: write it as dotted.name=value, e.g. trainer.max_epochs=10"])
    if value.strip() in _LONE_SIGNS:
        return nest(path, value.strip())
    from nested_lightning.settings.reading.yaml_values import YamlValues  # imports YAML, which few need

    values = YamlValues(f"{option} {path}", has_lines=False).read(value, must_be_mapping=False)
    return nest(path, values)
