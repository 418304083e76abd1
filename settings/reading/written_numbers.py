"""Plain words of YAML as values; a number remembers its text, in case it is meant as a name.

A column may be called ``1.10`` or ``010``. pydantic makes text of a number by ``str``, which gives back what
was written; where a number is wanted, it takes the number.
"""

import re
from typing import Any, Self

PLAIN = {
    "null": re.compile(r"null|Null|NULL|~|"),
    "bool": re.compile(r"true|True|TRUE|false|False|FALSE"),
    "int": re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+"),
    "float": re.compile(
        r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"
    ),
    "merge": re.compile(r"<<"),
}
"""What a word without quotes is, by the first pattern that fits the whole of it; else it is text."""

_MAX_DIGITS = 100
"""A longer number stays text; as a number it would be out of every bound."""


class _Written:
    """What a number that remembers its text has in addition."""

    _text: str

    def __new__(cls, value: float, text: str) -> Self:
        """Return the number; ``text`` is what ``str`` gives of it."""
        number = super().__new__(cls, value)  # type: ignore[call-arg]  # the next class is a number's
        number._text = text
        return number

    def __str__(self) -> str:
        return self._text

    __repr__ = __str__


class WrittenInt(_Written, int):
    """A whole number with the text that it was written as."""


class WrittenFloat(_Written, float):
    """A float with the text that it was written as."""


def value_of(kind: str, text: str) -> Any:
    """Return the value of a plain word that is a number, a boolean or null by the rules of YAML 1.2.

    Its kind is ``null``, ``bool``, ``int`` or ``float``; any other is text.
    """
    if kind == "null":
        return None
    if kind == "bool":
        return text.lower() == "true"
    if kind not in ("int", "float") or len(text) > _MAX_DIGITS:
        return text
    if kind == "int":
        whole = int(text, 0) if text[:2] in ("0o", "0x") else int(text)
        return whole if str(whole) == text else WrittenInt(whole, text)
    number = float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
    return number if str(number) == text else WrittenFloat(number, text)


def without_text(value: Any) -> Any:
    """Return a value, or nested values, with plain numbers, for where no settings model takes them."""
    if isinstance(value, dict):
        return {name: without_text(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [without_text(inner) for inner in value]
    if isinstance(value, WrittenInt):
        return int(value)
    return float(value) if isinstance(value, WrittenFloat) else value
