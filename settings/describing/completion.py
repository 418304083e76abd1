"""What can complete a part of ``dotted.name=value``: names, kinds, values, with their descriptions."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic.fields import FieldInfo

from nested_lightning.settings.application import application_settings_model
from nested_lightning.settings.describing.reference import value_schema
from nested_lightning.settings.describing.walking import NamedItems, Place, dotted, place_of
from nested_lightning.settings.families import families
from nested_lightning.settings.slot import Slot

Candidate = tuple[str, str]
"""A whole assignment, or its beginning up to a dot or ``=``, and a description."""


def complete_assignment(typed: str, values: Mapping[str, Any]) -> list[Candidate]:
    """Return what an assignment can go on with.

    Names are offered level by level; where only one is left, what follows it is offered at once, so that a
    shell never puts a space after half an assignment.

    Args:
        typed: Its beginning, e.g. ``multi_feature.he`` or ``trainer.precision=16``.
        values: Nested values that are set already: the family, by which sections of others are left out;
            kinds, by which fields are offered; names of items.
    """
    path, equals, _ = typed.partition("=")
    *parents, last = path.split(".")
    node: _Node | None = _Node(place=application_settings_model(), values=values)
    for name in parents:
        node = node.child(name) if node else None
    if node is None:
        return []
    if equals:
        leaf = node.child(last)
        found = leaf.assignments() if leaf else iter(())
    else:
        found = _open([child for child in node.children() if child.path.startswith(path)])
    return [candidate for candidate in found if candidate[0].startswith(typed)]


@dataclass(frozen=True)
class _Node:
    """A place in the settings, with the values that are set there already."""

    place: Place
    values: Any
    names: tuple[str, ...] = ()
    info: FieldInfo | None = None
    options: Mapping[str, str] = field(default_factory=dict)

    @property
    def path(self) -> str:
        return dotted(self.names)

    @property
    def help(self) -> str:
        return (self.info.description or "") if self.info else ""

    def children(self) -> Iterator["_Node"]:
        given = self.values if isinstance(self.values, Mapping) else {}
        if isinstance(self.place, NamedItems):
            for name in given:
                yield _Node(self.place.item, given[name], (*self.names, name))
            return
        model = self.place
        if isinstance(model, Slot):
            model = model.choices.get(str(given.get("kind", model.default)))
        for name, info in model.model_fields.items() if isinstance(model, type) else ():
            if self.names or not _is_of_another_family(name, given.get("model")):
                place = place_of(info.annotation, info.metadata)
                yield _Node(place, given.get(name), (*self.names, name), info, self._options(name))

    def child(self, name: str) -> "_Node | None":
        if isinstance(self.place, NamedItems):
            given = self.values if isinstance(self.values, Mapping) else {}
            return _Node(self.place.item, given.get(name), (*self.names, name))
        return next((child for child in self.children() if child.names[-1] == name), None)

    def assignments(self) -> Iterator[Candidate]:
        options = self.options or (dict.fromkeys(_values_of(self.info), self.help) if self.info else {})
        for value, help_ in options.items():
            yield f"{self.path}={value}", help_

    def _options(self, name: str) -> Mapping[str, str]:
        if isinstance(self.place, Slot) and name == "kind":
            kinds = self.place.choices.items()
            return {kind: choice.model_fields["kind"].description or "" for kind, choice in kinds}
        if not self.names and name == "model":
            return {family.name: family.summary for family in families().values()}
        return {}


def _open(nodes: list[_Node]) -> Iterator[Candidate]:
    """Yield names followed by a dot or ``=``; if there is only one, what follows it."""
    if len(nodes) > 1:
        for node in nodes:
            yield f"{node.path}{'=' if node.place is None else '.'}", node.help
    elif nodes and nodes[0].place is None:
        values = list(nodes[0].assignments())
        yield from values or [(f"{nodes[0].path}=", nodes[0].help)]
    elif nodes:
        below = list(_open(list(nodes[0].children())))
        yield from below or [(f"{nodes[0].path}.", nodes[0].help)]


def _is_of_another_family(section: str, model: Any) -> bool:
    name = str(model).replace("_", "-")
    return name in families() and any(
        family.section == section and family.name != name for family in families().values()
    )


def _values_of(info: FieldInfo) -> Iterator[str]:
    """Yield the values that a field may have, if they are few; else its default."""
    few = [*dict.fromkeys(_words(value_schema(info)))]
    if not set(few) - {"null"} and isinstance(info.default, bool | int | float | str):
        yield info.default if isinstance(info.default, str) else json.dumps(info.default)
    yield from few


def _words(schema: Mapping[str, Any]) -> Iterator[str]:
    for option in schema.get("anyOf", ()):
        yield from _words(option)
    yield from {"boolean": ("true", "false"), "null": ("null",)}.get(schema.get("type", ""), ())
    yield from map(str, schema.get("enum", [schema["const"]] if "const" in schema else []))
