"""A settings file: nested values, and the line and column of each."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from yaml.reader import ReaderError

from nested_lightning.settings.reading.errors import SettingsError
from nested_lightning.settings.reading.layers import Layer, Names
from nested_lightning.settings.reading.yaml_loader import compose

MAX_DEPTH = 30
"""Levels of nesting; settings have six."""

MAX_VALUES = 100_000
"""Values of a file, each use of an anchor counted: a small file can't become a huge one."""

_STANDARD_TAG = "tag:yaml.org,2002:"
_PYTHON_TAG = "tag:yaml.org,2002:python/"

EXTENDS = "extends"
"""The name at the top of a file under which it says which files it builds upon."""


def read_settings_file(path: Path) -> list[Layer]:
    """Return the layers of a settings file: the files that it extends, the lowest first, then itself.

    ``extends: base.yaml``, or a list of files, is relative to the file that says it.

    Raises:
        SettingsError: A file can't be read, isn't a YAML mapping of names to values, names something twice,
            or extends itself.
    """
    return list(_read(path, above=()))


def _read(path: Path, above: tuple[Path, ...]) -> Iterator[Layer]:
    resolved = path.resolve()
    if resolved in above:
        raise SettingsError([f"{path}: extends itself, by way of {' → '.join(map(str, above))}"])
    layer = _Reader(path).read()
    bases = layer.values.pop(EXTENDS, [])
    for base in [bases] if isinstance(bases, str) else bases:
        if not isinstance(base, str):
            raise SettingsError([f"{layer.origin_of((EXTENDS,))}: extends names a file, or a list of files"])
        yield from _read(path.parent / base, (*above, resolved))
    yield layer


class _Reader:
    """Builds plain values from YAML nodes and notes where each stands."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._origins: dict[Names, str] = {}
        self._num_values = 0
        self._problems: list[str] = []

    def read(self) -> Layer:
        """Return the file's values with their places."""
        try:
            root, self._constructor = compose(self._path.read_text(encoding="utf-8-sig"))
        except (OSError, UnicodeDecodeError, ReaderError) as error:
            raise SettingsError([f"{self._path}: can't be read: {' '.join(str(error).split())}"]) from None
        except yaml.MarkedYAMLError as error:
            reason = " ".join(filter(None, [error.context, error.problem]))
            raise SettingsError([f"{self._place(error.problem_mark)}: is not YAML: {reason}"]) from None
        except RecursionError:
            raise SettingsError([f"{self._path}: is nested too deeply"]) from None
        if root is None:
            return Layer({}, origin=str(self._path))
        if not isinstance(root, MappingNode):
            raise SettingsError(
                [f"{self._place(root.start_mark)}: names with values are needed, e.g. seed: 1"]
            )
        values = self._value(root, ())
        if self._problems:
            raise SettingsError(self._problems)
        return Layer(values, origin=str(self._path), origins=self._origins)

    def _value(self, node: Node, names: Names) -> Any:
        self._origins.setdefault(names, self._place(node.start_mark))
        self._num_values += 1
        if len(names) > MAX_DEPTH or self._num_values > MAX_VALUES:
            raise SettingsError([f"{self._place(node.start_mark)}: nested too deeply, or too many values"])
        if not node.tag.startswith(_STANDARD_TAG) or node.tag.startswith(_PYTHON_TAG):
            return self._refuse(node, f"the tag {node.tag} can't be used here")
        if isinstance(node, MappingNode):
            return self._mapping(node, names)
        if isinstance(node, SequenceNode):
            return [self._value(item, (*names, str(i))) for i, item in enumerate(node.value)]
        return self._scalar(node)

    def _mapping(self, node: MappingNode, names: Names) -> dict[str, Any]:
        self._refuse_names_twice(node, names)
        try:
            self._constructor.flatten_mapping(node)
        except yaml.MarkedYAMLError as error:
            self._refuse(node, str(error.problem))
            return {}
        values: dict[str, Any] = {}
        for key, item in node.value:
            name = str(self._scalar(key))
            self._origins[(*names, name)] = self._place(key.start_mark)
            values[name] = self._value(item, (*names, name))
        return values

    def _refuse_names_twice(self, node: MappingNode, names: Names) -> None:
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, ScalarNode) and key.value in seen:
                self._refuse(key, f"{'.'.join((*names, key.value))} stands here a second time")
            seen.add(str(key.value))

    def _scalar(self, node: Node) -> Any:
        if not isinstance(node, ScalarNode):
            return self._refuse(node, "a name must be a plain word")
        try:
            return self._constructor.construct_object(node)
        except (yaml.MarkedYAMLError, ValueError) as error:
            return self._refuse(node, str(getattr(error, "problem", None) or error))

    def _refuse(self, node: Node, problem: str) -> None:
        self._problems.append(f"{self._place(node.start_mark)}: {problem}")

    def _place(self, mark: Any) -> str:
        return f"{self._path}:{mark.line + 1}:{mark.column + 1}" if mark else str(self._path)
