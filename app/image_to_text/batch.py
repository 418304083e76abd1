"""One batch, or a whole part, of pictures with their captions.

Shapes: B pictures, 3 colours, S width and height, K captions of a picture, T tokens.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass  # not frozen: Lightning converts batches in place for 64-true and its like
class CaptionBatch:
    """Pictures in memory; the same type holds a part of the data and a batch of it.

    Attributes:
        pictures: [B, 3, S, S], uint8.
        text: [B, K, T], int64, from the begin to the end token, then padding. A caption that isn't there is
            all padding.
        captions: The captions of each picture in words, as they would be generated.
    """

    pictures: Tensor
    text: Tensor
    captions: tuple[tuple[str, ...], ...]

    def __len__(self) -> int:
        return len(self.pictures)

    def __getitem__(self, index: Tensor | slice) -> CaptionBatch:
        """Return the pictures at ``index``: views for a slice, a gather for int64 indices."""
        if isinstance(index, slice):
            return CaptionBatch(self.pictures[index], self.text[index], self.captions[index])
        return CaptionBatch(
            pictures=self.pictures.index_select(0, index),
            text=self.text.index_select(0, index),
            captions=tuple(self.captions[row] for row in index.tolist()),
        )

    def to(self, device: torch.device | str, non_blocking: bool = False) -> CaptionBatch:
        """Return the same pictures and tokens on ``device``."""
        return CaptionBatch(
            pictures=self.pictures.to(device, non_blocking=non_blocking),
            text=self.text.to(device, non_blocking=non_blocking),
            captions=self.captions,
        )
