"""One batch of sequences of one variant, padded to the longest.

Shapes: B sequences, L steps of the longest, F features of a step.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

IGNORED = -100
"""Target of a step that counts neither in the loss nor in a score: padding, or mere context."""


@dataclass(kw_only=True)  # not frozen: Lightning converts batches in place for 64-true and its like
class SequenceBatch:
    """Sequences of one variant; a batch never mixes two.

    Attributes:
        variant: Name of the variant, the input type.
        inputs: Indices of tokens, int64 of [B, L], or vectors, float32 of [B, L, F]; 0 where padded.
        mask: Bool of [B, L], True at steps, False at padding; None: nothing is padded.
        target: Class indices, int64 of [B, L] with `IGNORED` where a step doesn't count, or of [B] where a
            sequence has one label; None where classes are to be predicted.
    """

    variant: str
    inputs: Tensor
    mask: Tensor | None = None
    target: Tensor | None = None

    def __len__(self) -> int:
        return len(self.inputs)

    def to(self, device: torch.device | str, non_blocking: bool = False) -> SequenceBatch:
        """Return the same sequences on ``device``."""
        return self._map(lambda tensor: tensor.to(device, non_blocking=non_blocking))

    def pin_memory(self) -> SequenceBatch:
        """Return the same sequences in page-locked memory, from which copies to a GPU need not wait."""
        return self._map(lambda tensor: tensor.pin_memory())

    def _map(self, function: Callable[[Tensor], Tensor]) -> SequenceBatch:
        return replace(
            self,
            inputs=function(self.inputs),
            mask=None if self.mask is None else function(self.mask),
            target=None if self.target is None else function(self.target),
        )
