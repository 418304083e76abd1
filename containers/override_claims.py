"""Who overrides which provider at this moment, so that two threads or tasks don't override the same one."""

import asyncio
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class OverrideInUseError(RuntimeError):
    """A provider that another thread or task overrides at this moment."""


_lock = threading.Lock()
_claims: dict[int, list[tuple[object, str]]] = {}
"""Owner and place in the code of each override that holds, by the provider's id, the outer ones first."""


@contextmanager
def claim(target: Any, path: str, place: str) -> Iterator[None]:
    """Hold a provider for this thread and task while the block runs.

    Raises:
        OverrideInUseError: Another one holds it.
    """
    owner = (threading.get_ident(), _current_task())
    with _lock:
        holders = _claims.setdefault(id(target), [])
        if holders and holders[0][0] != owner:
            raise OverrideInUseError(
                f"{path} is overridden at {holders[0][1]} at this moment, so {place} can't: "
                "give each thread or task a container of its own"
            )
        holders.append((owner, place))
    try:
        yield
    finally:
        with _lock:
            holders.pop()
            if not holders:
                del _claims[id(target)]


def calling_place(*modules: str) -> str:
    """Return file and line of the nearest caller that is in none of these modules."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__") in (*modules, "contextlib"):
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"


def _current_task() -> object:
    try:
        return asyncio.current_task()
    except RuntimeError:
        return None
