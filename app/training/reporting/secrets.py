"""Secrets: passwords in addresses, and values whose names mark them as secret."""

import os
import re
from collections.abc import Mapping
from typing import Any

HIDDEN = "***"
"""Stands where a secret was."""

_NAME = re.compile(
    r"(^|[_\W])(api_?key|access_?key|credentials?|passwd|password|secret|token)$", re.IGNORECASE
)
_IN_ADDRESS = re.compile(
    r"(?<=://)[^/@\s]+(?=@)|(?<=[?&])[^=&\s]*(?:key|password|secret|token)=[^&\s]+", re.I
)
_MIN_LENGTH = 8
"""A shorter value of a variable may stand anywhere by chance."""


def without_secrets(value: Any, *, name: str = "") -> Any:
    """Return plain values without secrets.

    These are what stands before the @ of an address, or as a key in its query; texts whose name ends with
    ``password``, ``token`` and the like; and wherever they stand, the values of variables of such names.
    """
    if isinstance(value, Mapping):
        return {key: without_secrets(one, name=str(key)) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [without_secrets(one, name=name) for one in value]
    if not isinstance(value, str):
        return value
    return HIDDEN if value and _NAME.search(name) else _masked(value)


def _masked(text: str) -> str:
    for variable, secret in os.environ.items():
        if len(secret) >= _MIN_LENGTH and _NAME.search(variable):
            text = text.replace(secret, HIDDEN)
    return _IN_ADDRESS.sub(HIDDEN, text)
