"""How torch computes, for as long as a block lasts: with how many threads, and without needless filling."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def torch_threads(num_threads: int | None) -> Iterator[None]:
    """Compute with ``num_threads`` threads inside the block and with as many as before after it.

    A small model is fastest with one: handing its tiny operations to a second thread costs more than they do.

    Args:
        num_threads: At least 1; None leaves torch's choice, one for each core.
    """
    threads_before = torch.get_num_threads()
    if num_threads is not None:
        torch.set_num_threads(num_threads)
    try:
        yield
    finally:
        if num_threads is not None:
            torch.set_num_threads(threads_before)


@contextmanager
def memory_left_as_it_is() -> Iterator[None]:
    """Leave new memory unfilled in the block, where torch is asked for deterministic operations.

    By default it fills whatever an operation is about to write with NaN, so that reading what wasn't written
    would show: one more pass over the memory of every result.
    """
    before = torch.utils.deterministic.fill_uninitialized_memory  # type: ignore[attr-defined]
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    try:
        yield
    finally:
        torch.utils.deterministic.fill_uninitialized_memory = before  # type: ignore[attr-defined]
