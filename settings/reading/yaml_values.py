"""From YAML text to plain values, and the place of each."""

from collections.abc import Iterator
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from nested_lightning.settings.reading.errors import MAX_PROBLEMS, SettingsError, shown
from nested_lightning.settings.reading.layers import Names
from nested_lightning.settings.reading.written_numbers import PLAIN, value_of
from nested_lightning.settings.reading.yaml_nodes import MAX_VALUES, MERGE_TAG, STANDARD_TAG, compose

MAX_DEPTH = 30
"""Levels of nesting; settings have six."""


class YamlValues:
    """Builds plain values from YAML text and notes where each stands.

    Whatever goes wrong in here is the text's fault.

    Args:
        source: Where the text comes from, with which every message begins.
        has_lines: Whether places in the text are named by line and column.

    Attributes:
        origins: The place of each value by its path.
    """

    def __init__(self, source: str, *, has_lines: bool = True) -> None:
        self.origins: dict[Names, str] = {}
        self._source = source
        self._has_lines = has_lines
        self._at = source
        self._num_values = 0
        self._problems: list[str] = []

    def read(self, text: str, *, must_be_mapping: bool = True) -> Any:
        """Return the values of a text; an empty text is an empty mapping where one is needed.

        Raises:
            SettingsError: With a line for each mistake, or the first ones of many.
        """
        try:
            values = self._read(text, must_be_mapping)
        except SettingsError:
            raise
        except yaml.MarkedYAMLError as error:
            reason = " ".join(filter(None, [error.context, error.problem]))
            raise SettingsError([f"{self._place(error.problem_mark)}: is not YAML: {reason}"]) from None
        except RecursionError:
            raise SettingsError([f"{self._at}: is nested too deeply"]) from None
        except Exception as error:
            reason = " ".join(str(error).split())
            raise SettingsError([f"{self._at}: can't be read as YAML: {reason}"]) from None
        if self._problems:
            raise SettingsError(self._problems)
        return values

    def _read(self, text: str, must_be_mapping: bool) -> Any:
        text.encode()  # half a character, as \ud800, can't be written again
        root = compose(text)
        if root is None:
            return {} if must_be_mapping else None
        if must_be_mapping and not isinstance(root, MappingNode):
            return self._refuse(root, "names with values are needed, e.g. seed: 1")
        return self._value(root, ())

    def _value(self, node: Node, names: Names) -> Any:
        self._count(node, depth=len(names))
        self.origins.setdefault(names, self._at)
        if isinstance(node, MappingNode) and node.tag == f"{STANDARD_TAG}map":
            return self._mapping(node, names)
        if isinstance(node, SequenceNode) and node.tag == f"{STANDARD_TAG}seq":
            return [self._value(item, (*names, str(i))) for i, item in enumerate(node.value)]
        return self._scalar(node)

    def _mapping(self, node: MappingNode, names: Names) -> dict[str, Any]:
        self._refuse_names_twice(node, names)
        values: dict[str, Any] = {}
        for key, item in self._pairs(node):
            if not isinstance(key, ScalarNode):
                self._refuse(key, "a name must be a plain word")
                continue
            self._check_text(key)
            self.origins[(*names, key.value)] = self._place(key.start_mark)
            values[key.value] = self._value(item, (*names, key.value))
        return values

    def _pairs(self, node: MappingNode) -> Iterator[tuple[Node, Node]]:
        """Yield the entries of merges (``<<``), of which the first wins, then the mapping's own."""
        own = []
        for key, item in node.value:
            if key.tag != MERGE_TAG:
                own.append((key, item))
                continue
            for merged in reversed(item.value) if isinstance(item, SequenceNode) else [item]:
                self._count(merged)
                if isinstance(merged, MappingNode):
                    yield from self._pairs(merged)
                else:
                    self._refuse(node, "expected a mapping or list of mappings for merging (<<)")
        yield from own

    def _refuse_names_twice(self, node: MappingNode, names: Names) -> None:
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, ScalarNode):
                if key.value in seen:
                    self._refuse(key, f"{'.'.join((*names, key.value))} stands here a second time")
                seen.add(key.value)

    def _scalar(self, node: Node) -> Any:
        kind = node.tag.removeprefix(STANDARD_TAG)
        if not isinstance(node, ScalarNode) or kind not in ("str", *PLAIN):
            return self._refuse(node, f"the tag {node.tag} can't be used here")
        if kind != "str" and not PLAIN[kind].fullmatch(node.value):
            return self._refuse(node, f"{shown(node.value)} is no !!{kind}")
        self._check_text(node)
        return value_of(kind, node.value)

    def _check_text(self, node: ScalarNode) -> None:
        try:
            node.value.encode()
        except UnicodeEncodeError:
            self._refuse(node, f"{shown(node.value)} has half a character, which can't be written again")

    def _count(self, node: Node, depth: int = 0) -> None:
        self._at = self._place(node.start_mark)
        self._num_values += 1
        if depth > MAX_DEPTH or self._num_values > MAX_VALUES:
            raise SettingsError([f"{self._at}: nested too deeply, or too many values"])

    def _refuse(self, node: Node, problem: str) -> None:
        self._problems.append(f"{self._place(node.start_mark)}: {problem}")
        if len(self._problems) >= MAX_PROBLEMS:
            raise SettingsError(self._problems)

    def _place(self, mark: Any) -> str:
        return (
            f"{self._source}:{mark.line + 1}:{mark.column + 1}" if mark and self._has_lines else self._source
        )
