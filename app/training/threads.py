"""How many threads torch computes with, for as long as a block lasts."""

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
