"""How YAML text becomes nodes: libyaml's parser where PyYAML was built with it, else PyYAML's own.

libyaml's parser is ten times quicker. Its composer is left out: it follows nesting by recursion in C, so that
a hostile file would end the process; Python's composer raises a `RecursionError`.
"""

from typing import TYPE_CHECKING

import yaml
from yaml.composer import Composer
from yaml.constructor import SafeConstructor
from yaml.nodes import Node
from yaml.resolver import Resolver

if TYPE_CHECKING:
    QuickLoader = yaml.SafeLoader
else:
    try:
        from yaml.cyaml import CParser
    except ImportError:  # PyYAML without libyaml
        QuickLoader = yaml.SafeLoader
    else:

        class QuickLoader(Composer, CParser, SafeConstructor, Resolver):
            """Reads by libyaml what `yaml.SafeLoader` reads."""

            def __init__(self, stream: str) -> None:
                CParser.__init__(self, stream)
                Composer.__init__(self)
                SafeConstructor.__init__(self)
                Resolver.__init__(self)


def compose(text: str) -> tuple[Node | None, SafeConstructor]:
    """Return the root of a document with one, or None for an empty one, and what makes values of its nodes.

    What libyaml refuses is read again by PyYAML, whose messages say more.

    Raises:
        yaml.YAMLError: The text is no YAML, or more than one document.
        RecursionError: It is nested too deeply.
    """
    try:
        loader = QuickLoader(text)
        return loader.get_single_node(), loader
    except (yaml.YAMLError, UnicodeEncodeError):
        careful = yaml.SafeLoader(text)
        return careful.get_single_node(), careful
