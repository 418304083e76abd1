"""The ``meta`` device, on which a composite is checked."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from nested_lightning.app.seam.versions import are_tested


@contextmanager
def on_meta() -> Iterator[None]:
    """Make all new tensors on ``meta`` within the block; small ones of whole numbers keep their values.

    So do truth values, constants that are made of Python's numbers, and whatever is computed from known
    values alone, by the same operations on the CPU. What depends on weights, or on numbers of a batch, has a
    shape and no values, as ever on ``meta``; with versions of torch that weren't tested that holds for all.
    """
    with torch.device("meta"):
        if not are_tested():
            yield
            return
        from nested_lightning.app.seam.known_values import keeping_known_values

        with keeping_known_values():
            yield
