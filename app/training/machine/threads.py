"""How torch computes, for as long as a block lasts: with how many threads, and without needless filling."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Literal

import torch
from torch import nn

from nested_lightning.app.temporary_attributes import temporary_attributes

ThreadCount = int | Literal["auto"] | None
"""At least 1; ``auto``: by the size of the model, see `count_threads`; None leaves torch's choice."""

PRODUCTS_PER_THREAD = 2**22
"""With fewer, handing tiny operations to one more thread costs more than it saves, above all where the cores
have something else to do."""


def count_threads(wanted: ThreadCount, model: nn.Module, *, batch_size: int) -> int | None:
    """Return how many threads a training takes: a number, or None for torch's choice.

    By ``auto`` it is one for each `PRODUCTS_PER_THREAD` products of a training batch's samples with the
    weights, at least one, and at most as many as torch would take. It suits models that use each weight once
    a sample.
    """
    if wanted != "auto":
        return wanted
    products = batch_size * sum(parameter.numel() for parameter in model.parameters())
    return max(1, min(products // PRODUCTS_PER_THREAD, torch.get_num_threads()))


@contextmanager
def torch_threads(num_threads: int | None) -> Iterator[None]:
    """Compute with ``num_threads`` threads inside the block and with as many as before after it.

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


def memory_left_as_it_is() -> AbstractContextManager[None]:
    """Leave new memory unfilled in the block, where torch is asked for deterministic operations.

    By default it fills whatever an operation is about to write with NaN, so that reading what wasn't written
    would show: one more pass over the memory of every result.
    """
    return temporary_attributes(torch.utils.deterministic, fill_uninitialized_memory=False)
