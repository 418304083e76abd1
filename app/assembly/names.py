"""Names of items in an ``nn.ModuleDict`` and in dotted paths.

``nn.ModuleDict`` refuses names such as ``values``, ``type`` and ``a.b``. They are percent-encoded, as in an
address, so that every name works and can be read back. Names that work as they are stay as they are.
"""

from torch import nn

_REFUSED = frozenset(dir(nn.ModuleDict()))
"""The names that `nn.ModuleDict` refuses: those of its own attributes."""


def escape_name(name: str) -> str:
    """Return a name that `nn.ModuleDict` and a dotted path take; ``urllib.parse.unquote`` gives it back.

    Raises:
        ValueError: The name is empty.
    """
    if not name:
        raise ValueError("a submodule's name must not be empty")
    escaped = name.replace("%", "%25").replace(".", "%2E")
    if escaped in _REFUSED:
        escaped = f"%{ord(escaped[0]):02X}{escaped[1:]}"
    return escaped
