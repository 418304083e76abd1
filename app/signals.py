"""Signals that ask a process to stop, and who hears them."""

import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Any

Handler = Callable[[int, FrameType | None], Any] | int | None


@contextmanager
def heard_by(handler: Handler, numbers: Sequence[signal.Signals]) -> Iterator[None]:
    """Have a handler hear these signals in the block, and those that heard them before after it."""
    before = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, one in before.items():
            signal.signal(number, one)


def listened_to() -> tuple[signal.Signals, ...]:
    """Return the signals that ask this thread to stop; only the main one can hear any."""
    if threading.current_thread() is not threading.main_thread():
        return ()
    return (signal.SIGINT, signal.SIGTERM, *_hang_up())


def _hang_up() -> tuple[signal.Signals, ...]:
    """Return SIGHUP where there is such a signal and it isn't ignored."""
    number = getattr(signal, "SIGHUP", None)
    return () if number is None or signal.getsignal(number) is signal.SIG_IGN else (number,)
