"""Who overrides which provider at this moment, so that two threads or tasks don't override the same one."""

import asyncio
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any


class OverrideInUseError(RuntimeError):
    """Another thread or task is overriding the provider."""


_lock = threading.Lock()
_claims: list["Claim"] = []
"""The overrides in effect, the outer ones first."""


@dataclass(frozen=True, eq=False)
class Claim:
    """An override that is in effect."""

    owner: object
    path: str
    place: str
    target: Any

    def end(self) -> None:
        """Undo the override where the block that made it never ends."""
        _release(self)
        self.target.reset_last_overriding()


@contextmanager
def claim(target: Any, path: str, place: str) -> Iterator[None]:
    """Claim a provider for this thread and task while the block runs.

    Raises:
        OverrideInUseError: Another one holds it.
    """
    own = Claim((threading.get_ident(), _current_task()), path, place, target)
    with _lock:
        for other in _claims:
            if other.target is target and other.owner != own.owner:
                raise OverrideInUseError(
                    f"{path} is overridden at {other.place} at this moment, so {place} can't: "
                    "give each thread or task a container of its own"
                )
        _claims.append(own)
    try:
        yield
    finally:
        _release(own)


def _release(claim: Claim) -> None:
    with _lock:
        if claim in _claims:
            _claims.remove(claim)


def open_claims() -> list[Claim]:
    """Return the overrides in effect, for tests: after a test none should be left."""
    with _lock:
        return [*_claims]


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
