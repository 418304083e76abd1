"""One batch of sequences of one variant, padded to the longest.

Shapes: B sequences, L steps of the longest, F features of a step.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from nested_lightning.app.data.tensor_batch import TensorBatch

IGNORED = -100
"""Target of a step that counts neither in the loss nor in a score: padding, or mere context."""


@dataclass(kw_only=True)  # not frozen: Lightning converts batches in place for 64-true and its like
class SequenceBatch(TensorBatch):
    """Sequences of one variant; a batch never mixes two.

    Attributes:
        variant: Name of the variant, the input type.
        inputs: Indices of tokens, int64 of [B, L], their pieces, int64 of [B, L, K] (see
            `app.variant.pieces`), or vectors, float32 of [B, L, F]; 0 where padded.
        mask: Bool of [B, L], True at steps, False at padding; None: nothing is padded.
        target: Class indices, int64 of [B, L] with `IGNORED` where a step doesn't count, or of [B] where a
            sequence has one label; None where classes are to be predicted.
    """

    variant: str
    inputs: Tensor
    mask: Tensor | None = None
    target: Tensor | None = None
