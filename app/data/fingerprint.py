"""A hash of data in memory: whether a training goes on with the data that it began with."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
from torch import Tensor

ADDED: Mapping[str, Any] = {"is_added": True}
"""Metadata of a dataclass's field that earlier versions hadn't: None in it leaves the hash as it was."""

_HASH = "sha256"
_PIECE_SIZE = 1 << 25


def fingerprint(data: Any, *, release: Callable[[], None] | None = None) -> str:
    """Return the SHA-256 of data, as ``sha256:`` and 64 hexadecimal digits.

    It is the same in every process and on every machine. What files looked like before they were decoded,
    and where they lay, makes no difference.

    Args:
        data: Tensors, arrays, strings, bytes, numbers and None, and dataclasses, mappings and sequences of
            such.
        release: Called between pieces of large arrays, to give back the memory that reading them took.

    Raises:
        TypeError: There is something else in it.
    """
    digest = hashlib.new(_HASH)
    for part in _parts(data):
        digest.update(part)
        if release is not None and len(part) == _PIECE_SIZE:
            release()
    return f"{_HASH}:{digest.hexdigest()}"


def _parts(data: Any) -> Iterator[bytes | memoryview]:
    """Yield the bytes of all values, each after its kind and size, so that no two data yield the same."""
    if isinstance(data, Tensor | np.ndarray):
        array = np.ascontiguousarray(data.detach().cpu().numpy() if isinstance(data, Tensor) else data)
        yield f"array {array.dtype.str} {array.shape};".encode()
        content = array.reshape(-1).view(np.uint8).data
        yield from (content[start : start + _PIECE_SIZE] for start in range(0, len(content), _PIECE_SIZE))
    elif isinstance(data, str | bytes):
        encoded = data.encode() if isinstance(data, str) else data
        yield f"{type(data).__name__} {len(encoded)};".encode()
        yield encoded
    elif data is None or isinstance(data, int | float):
        yield f"{data!r};".encode()
    elif is_dataclass(data):
        values = {each.name: getattr(data, each.name) for each in fields(data)}
        added = {each.name for each in fields(data) if "is_added" in each.metadata}
        yield from _parts({name: one for name, one in values.items() if one is not None or name not in added})
    elif isinstance(data, Mapping):
        yield from _parts([item for pair in data.items() for item in pair])
    elif isinstance(data, Sequence):
        yield f"{len(data)} of;".encode()
        for item in data:
            yield from _parts(item)
    else:
        raise TypeError(f"a {type(data).__name__} has no fingerprint")
