"""One batch, or a whole part, of pictures with their captions.

Shapes: B pictures, 3 colours, S width and height, K captions of a picture, T tokens.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import torch
from torch import Tensor
from typing_extensions import override

from nested_lightning.app.data.tensor_batch import TensorBatch


@dataclass  # not frozen: Lightning converts batches in place for 64-true and its like
class CaptionBatch(TensorBatch):
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

    @override
    def __getitem__(self, index: Tensor | slice) -> Self:
        rows = torch.arange(len(self))[index].tolist()
        return replace(super().__getitem__(index), captions=tuple(self.captions[row] for row in rows))
