"""Things that are opened during a container's life, and closed at its end."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Protocol
from weakref import WeakSet


class Closable(Protocol):
    """Something that has files open."""

    def close(self) -> None:
        """Close them; they may be opened again afterwards."""


class Lifetime:
    """Keeps weak references to what is open."""

    def __init__(self) -> None:
        self._opened: WeakSet[Closable] = WeakSet()

    def add(self, opened: Closable) -> None:
        """Have something closed at the end; adding it twice changes nothing."""
        self._opened.add(opened)

    def end(self) -> None:
        """Close everything, also where closing one of them fails."""
        with ExitStack() as stack:
            for opened in list(self._opened):
                stack.callback(opened.close)
        self._opened.clear()


def live() -> Iterator[Lifetime]:
    """Yield a lifetime, which ends after it; for a `providers.Resource`."""
    lifetime = Lifetime()
    try:
        yield lifetime
    finally:
        lifetime.end()
