"""The boundary around whatever reads a file that comes from elsewhere."""

import hashlib
import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from nested_lightning.app.errors import UserError, errors_naming

_MAX_REASON = 200

T = TypeVar("T")


@contextmanager
def foreign_file(source: object) -> Iterator[None]:
    """Turn whatever goes wrong within the block into one line that names the file ``source``.

    It belongs around the reading of bytes and their parsing alone, so that mistakes of our own aren't taken
    for a file's.

    Raises:
        UserError: Anything was raised within the block; a ``UserError`` keeps its words after the name.
    """
    try:
        with errors_naming(source):
            yield
    except UserError:
        raise
    except OSError as error:
        raise UserError(f"{source}: it can't be read ({error.strerror or _reason(error)})") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{source}: it is not UTF-8 text; save it in UTF-8") from error
    except MemoryError as error:
        raise UserError(f"{source}: there isn't enough memory to read it") from error
    except Exception as error:
        what = (
            f"it is damaged, or isn't what it seems to be ({_reason(error)}); correct it, or write it again"
        )
        raise UserError(f"{source}: {what}") from error


def regular_file(path: str | os.PathLike[str]) -> Path:
    """Return ``path`` if it is a regular file; refused are folders, devices and pipes, which may never end.

    Raises:
        UserError: It is something else, or isn't there.
    """
    file = file_or_folder(path)
    if file.is_dir():
        raise UserError(f"{file} is a folder; name a file in it")
    return file


def sha256_of(path: str | os.PathLike[str]) -> str:
    """Return the SHA-256 of a file, in hexadecimal.

    Raises:
        UserError: It is no file on a disk, or can't be read.
    """
    file = regular_file(path)
    with foreign_file(file), file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def file_or_folder(path: str | os.PathLike[str]) -> Path:
    """Return ``path`` if it is a regular file or a folder.

    Raises:
        UserError: It is a device or a pipe, or isn't there, or can't be looked at.
    """
    place = Path(path)
    try:
        mode = place.stat().st_mode
    except FileNotFoundError as error:
        raise UserError(f"{place}: no such file or folder (looked in {place.absolute().parent})") from error
    except OSError as error:
        raise UserError(f"{place}: {error.strerror or error}") from error
    except ValueError as error:  # a NUL in the name
        raise UserError(f"{str(place)!r}: no file can have this name ({error})") from error
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise UserError(f"{place} is a device or a pipe; copy what it gives to a file first")
    return place


def read_versioned(kind: type[T], text: str, *, newest: int, what: str) -> T:
    """Return the dataclass that stands in JSON, which says by ``format_version`` how it is laid out.

    Args:
        kind: The dataclass.
        text: The JSON.
        newest: The newest version that this release reads.
        what: What it is, for messages.

    Raises:
        UserError: It is damaged, or a newer release wrote it.
    """
    try:
        plain = json.loads(text)
        _refuse_newer(plain, newest=newest, what=what)
        return TypeAdapter(kind).validate_python(plain)
    except UserError:
        raise
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise UserError(f"{what} is damaged at {place}: {first['msg']}") from None
    except (ValueError, RecursionError) as error:
        raise UserError(f"{what} is damaged: {error}") from None


def _refuse_newer(plain: Any, *, newest: int, what: str) -> None:
    found = plain.get("format_version") if isinstance(plain, dict) else None
    if isinstance(found, int) and found > newest:
        versions = plain.get("versions")
        release = versions.get("nested-lightning") if isinstance(versions, dict) else None
        needed = f"nested-lightning {release}" if release else "a newer release of nested-lightning"
        raise UserError(
            f"{what} has format version {found}, and this release reads up to {newest}: install {needed}"
        )


def _reason(error: BaseException) -> str:
    words = " ".join(str(error).split())
    shown = words if len(words) <= _MAX_REASON else f"{words[:_MAX_REASON]}…"
    return f"{type(error).__name__}: {shown}" if shown else type(error).__name__
