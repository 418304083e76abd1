"""Text as it comes, in UTF-8 or UTF-16, and the JSON objects in its lines."""

import gzip
import io
import json
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any, BinaryIO, TextIO, cast

from nested_lightning.app.errors import UserError

_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_MAX_LINE = 1 << 28


def plain_name(path: PurePath) -> PurePath:
    """Return a file's name without the ``.gz`` that a gzipped one has at its end."""
    return path.with_suffix("") if path.suffix.lower() == ".gz" else path


def unpacked(stream: BinaryIO) -> BinaryIO:
    """Return what a gzipped stream holds, seekable and at its beginning, and any other one as it is."""
    is_packed = stream.read(2) == b"\x1f\x8b"
    stream.seek(0)
    return cast(BinaryIO, gzip.GzipFile(fileobj=stream)) if is_packed else stream


def open_text(stream: BinaryIO, *, newline: str | None = None) -> TextIO:
    """Return a seekable stream as text: UTF-8, or what its byte-order mark says, which is no part of it.

    What is gzipped is unpacked. Lines end as `io.TextIOWrapper` has it; the csv module needs an empty string.
    """
    stream = unpacked(stream)
    mark = stream.read(2)
    stream.seek(0)
    return io.TextIOWrapper(stream, encoding="utf-16" if mark in _UTF_16 else "utf-8-sig", newline=newline)


def numbered_lines(text: TextIO) -> Iterator[tuple[int, str]]:
    """Yield the lines with their numbers from 1; empty ones are left out.

    Raises:
        UserError: A line is far too long for one.
    """
    for number, line in enumerate(iter(lambda: text.readline(_MAX_LINE), ""), start=1):
        if len(line) >= _MAX_LINE:
            raise UserError(f"line {number} has more than {_MAX_LINE:,} characters")
        if line.strip():
            yield number, line


def json_object(line: str) -> dict[str, Any]:
    """Return the JSON object in a line; NaN, which some programs write, is null.

    Raises:
        UserError: It is something else, or holds half a character.
        ValueError: A number has too many digits.
        RecursionError: It is nested too deep.
    """
    try:
        values = json.loads(line, parse_constant=lambda word: None if word == "NaN" else float(word))
    except json.JSONDecodeError as error:
        raise UserError(f"is not JSON ({error.msg} at character {error.pos + 1})") from None
    if not isinstance(values, dict):
        raise UserError('must be a JSON object such as {"text": …}')
    if "\\ud" in line.lower() and not _is_unicode(values):
        raise UserError(r"holds half a character (\ud800 to \udfff without its other half)")
    return values


def _is_unicode(values: Any) -> bool:
    try:
        json.dumps(values, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True
