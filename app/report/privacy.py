"""What must not leave this machine in a file that is shared."""

import os
import re
from collections.abc import Mapping
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

from nested_lightning.app.training.reporting.secrets import without_secrets

_PLACE = re.compile(
    r"(?<![\w.:/\\<-])(?:file://)?(?:~|[A-Za-z]:)?(?:[/\\][^/\\\s:;,'\"<>|]+)*[/\\](?=[^/\\\s])"
)
"""The folders of an absolute path, up to its last name."""
_ABSOLUTE = re.compile(r"^(?:~|[A-Za-z]:)?[/\\]")
_SENTENCE = re.compile(r"\n|[:;] ")
"""What a text has that is more than a path."""


def without_places(value: Any, *, name: str = "") -> Any:
    """Return plain values without secrets, and of absolute paths the last name alone.

    Args:
        value: Plain values, nested in mappings and lists.
        name: By which it is known.
    """
    value = without_secrets(value, name=name)
    if isinstance(value, Mapping):
        return {key: without_places(one, name=str(key)) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [without_places(one, name=name) for one in value]
    if not isinstance(value, str):
        return value
    value = _without_home(value)
    if _ABSOLUTE.match(value) and not _SENTENCE.search(value):  # a path with blanks in it is one all the same
        path = PurePosixPath(value) if value.startswith(("/", "~")) else PureWindowsPath(value)
        return f"…/{path.name}"
    return _PLACE.sub("…/", value)


def _without_home(text: str) -> str:
    """Return a text with ``~`` for the home folder, whose name may have blanks in it."""
    home = os.path.expanduser("~")  # noqa: PTH111 - Path.home() fails where there is none
    return re.sub(rf"{re.escape(home)}(?![\w.-])", "~", text) if len(home) > 1 else text
