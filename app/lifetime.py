"""What is opened in the life of a container, and closed at its end."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Protocol
from weakref import WeakSet


class Closable(Protocol):
    """Something that has files open."""

    def close(self) -> None:
        """Close them; they may be opened again afterwards."""


class Lifetime:
    """Knows what is open, without keeping it alive."""

    def __init__(self) -> None:
        self._opened: WeakSet[Closable] = WeakSet()

    def add(self, opened: Closable) -> None:
        """Have something closed at the end; more than once is as good as once."""
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
