"""What kind of token each character of a Python source belongs to, as `tokenize` and `keyword` see it."""

import builtins
import io
import keyword
import tokenize
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from nested_lightning.app.errors import UserError

KINDS = (
    "whitespace",
    "comment",
    "string",
    "number",
    "operator",
    "bracket",
    "keyword",
    "builtin",
    "definition",
    "name",
)
"""The classes, by class index; ``definition`` is a name after ``def`` or ``class``."""

_BY_TOKEN = {
    tokenize.COMMENT: "comment",
    tokenize.STRING: "string",
    tokenize.NUMBER: "number",
    tokenize.OP: "operator",
}
_ADDED_BY_SITE = {"copyright", "credits", "exit", "help", "license", "quit"}
_BUILTINS = {name for name in dir(builtins) if not name.startswith("_")} - _ADDED_BY_SITE
# Python 3.12 takes f-strings apart; all from the first quote to the last is a string, as before.
_FSTRING_START = getattr(tokenize, "FSTRING_START", -1)
_FSTRING_END = getattr(tokenize, "FSTRING_END", -1)


def label_characters(source: str) -> npt.NDArray[np.int64]:
    """Return the index in `KINDS` of each character of a whole source, whose lines end with a line feed.

    What no token covers is whitespace. A builtin's name after a dot is another name, since it is an
    attribute.

    Raises:
        UserError: It isn't Python that this interpreter can take apart.
    """
    labels = np.zeros(len(source), dtype=np.int64)
    try:
        for start, stop, kind in _kinds_of_tokens(source):
            labels[start:stop] = KINDS.index(kind)
    except (tokenize.TokenError, SyntaxError) as error:
        raise UserError(f"this is no Python source that can be taken apart: {error}") from None
    return labels


def _kinds_of_tokens(source: str) -> Iterator[tuple[int, int, str]]:
    line_starts = [0, *np.cumsum([len(line) for line in io.StringIO(source)]).tolist()]
    before = ""
    string_starts: list[int] = []
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        start, stop = (line_starts[row - 1] + column for row, column in (token.start, token.end))
        if token.type == _FSTRING_START:
            string_starts.append(start)
        elif token.type == _FSTRING_END:
            yield string_starts.pop(), stop, "string"
        elif not string_starts:
            kind = _kind_of(token, before)
            if kind is not None:
                yield start, stop, kind
        if token.string.strip():
            before = token.string


def _kind_of(token: tokenize.TokenInfo, before: str) -> str | None:
    if token.type == tokenize.NAME:
        return _kind_of_name(token.string, before)
    if token.type == tokenize.OP and token.string in "()[]{}":
        return "bracket"
    return _BY_TOKEN.get(token.type)


def _kind_of_name(name: str, before: str) -> str:
    if keyword.iskeyword(name):
        return "keyword"
    if before in ("def", "class"):
        return "definition"
    return "builtin" if name in _BUILTINS and before != "." else "name"
