"""Packed sequences in an exported program: they stay padded, beside how many of them have each step.

Shapes: B sequences in falling order of their lengths, L steps, F features of a step.
"""

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

_AS_GIVEN = (
    "pad_packed_sequence isn't told total_length: the graph gives as many steps as it is given, and the model"
    " as many as the longest sequence has; where that matters, add total_length=x.shape[1]"
)


@contextmanager
def padded_packing() -> Iterator[None]:
    """Within the block, sequences that are packed while a program is captured stay padded.

    Warns:
        UserWarning: Where they are padded again it isn't said how far, see `_AS_GIVEN`.
    """
    functions: Any = torch._VF
    notes = set[str]()
    before = functions._pack_padded_sequence, functions._pad_packed_sequence

    def pack(x: Tensor, lengths: Tensor, batch_first: bool) -> Any:
        if not torch.compiler.is_exporting():
            return before[0](x, lengths, batch_first)
        x_BLF = x if batch_first else x.transpose(0, 1)
        steps_L = torch.arange(x_BLF.shape[1], device=x.device)
        return x_BLF, (lengths.unsqueeze(0) > steps_L.unsqueeze(1)).sum(dim=1)

    def pad(data: Tensor, sizes: Tensor, batch_first: bool, value: float, length: Any) -> Any:
        if not torch.compiler.is_exporting():
            return before[1](data, sizes, batch_first, value, length)
        is_told = sys._getframe(1).f_locals.get("total_length", 0) is not None
        notes.update([] if is_told else [_AS_GIVEN])
        lengths = lengths_of(data, sizes)
        padded = data.masked_fill(~is_step(data, lengths), value)
        return (padded if batch_first else padded.transpose(0, 1)), lengths

    functions._pack_padded_sequence, functions._pad_packed_sequence = pack, pad
    try:
        yield
    finally:
        functions._pack_padded_sequence, functions._pad_packed_sequence = before
        for note in notes:
            warnings.warn(note, stacklevel=3)


def is_step(x: Tensor, lengths: Tensor) -> Tensor:
    """Return where ``x`` of [B, L, …] has a step, bool of [B, L, 1]."""
    return (torch.arange(x.shape[1], device=x.device) < lengths.unsqueeze(1)).unsqueeze(2)


def lengths_of(data: Tensor, sizes: Tensor) -> Tensor:
    """Return the lengths, int64 of [B], by how many sequences have each step, int64 of [L]."""
    return (sizes.unsqueeze(0) > torch.arange(data.shape[0], device=data.device).unsqueeze(1)).sum(dim=1)
