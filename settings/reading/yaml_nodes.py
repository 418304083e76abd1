"""How YAML text becomes nodes: by the rules of YAML 1.2 for plain words, and within limits.

PyYAML goes by those of 1.1, where ``yes`` is a truth, ``010`` is 8, and ``1:30`` is 90. libyaml's parser is
ten times quicker than its own. libyaml's composer is left out: it follows nesting by recursion in C, so that
a hostile file would end the process; Python's composer raises a `RecursionError`.
"""

import re
from typing import TYPE_CHECKING, Any

import yaml
from yaml.composer import Composer, ComposerError
from yaml.constructor import SafeConstructor
from yaml.nodes import Node
from yaml.resolver import BaseResolver

from nested_lightning.settings.reading.written_numbers import PLAIN

STANDARD_TAG = "tag:yaml.org,2002:"
MERGE_TAG = f"{STANDARD_TAG}merge"

MAX_VALUES = 100_000
"""Values of a file, each use of an anchor counted: a small file can't become a huge one."""

_MAX_CAREFUL = 100_000
"""Characters that are read a second time, for a better message."""


class _Limited(Composer, BaseResolver):
    """Composes nodes by the rules of YAML 1.2, up to the limit for a file."""

    _num_nodes = 0

    def compose_node(self, parent: Node | None, index: Any) -> Node | None:
        self._num_nodes += 1
        if self._num_nodes > 2 * MAX_VALUES:  # names are nodes too
            raise ComposerError(None, None, "too many values", self.peek_event().start_mark)  # type: ignore[attr-defined]
        return super().compose_node(parent, index)


for _kind, _pattern in PLAIN.items():
    _Limited.add_implicit_resolver(f"{STANDARD_TAG}{_kind}", re.compile(f"(?:{_pattern.pattern})$"), None)


class _CarefulLoader(_Limited, yaml.SafeLoader):
    """Reads by PyYAML's own parser."""

    yaml_implicit_resolvers = _Limited.yaml_implicit_resolvers


if TYPE_CHECKING:
    _QuickLoader = _CarefulLoader
else:
    try:
        from yaml.cyaml import CParser
    except ImportError:  # PyYAML without libyaml
        _QuickLoader = _CarefulLoader
    else:

        class _QuickLoader(_Limited, CParser, SafeConstructor):
            """Reads by libyaml."""

            def __init__(self, stream: str) -> None:
                CParser.__init__(self, stream)
                Composer.__init__(self)
                SafeConstructor.__init__(self)
                BaseResolver.__init__(self)


def compose(text: str) -> Node | None:
    """Return the root of a document with one, or None for an empty one.

    What libyaml refuses is read again by PyYAML, whose messages say more, unless it is long.

    Raises:
        yaml.YAMLError: The text is no YAML, more than one document, or has too many values.
        RecursionError: It is nested too deeply.
    """
    try:
        return _QuickLoader(text).get_single_node()
    except (yaml.YAMLError, UnicodeEncodeError):
        if len(text) > _MAX_CAREFUL:
            raise
        return _CarefulLoader(text).get_single_node()
