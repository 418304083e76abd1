"""One batch, or a whole part, of pictures with their captions, and these as token indices.

Shapes: B pictures, 3 colours, S width and height, K captions of a picture, N captions, T tokens.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import torch
from torch import Tensor
from typing_extensions import override

from nested_lightning.app.data.tensor_batch import TensorBatch
from nested_lightning.app.image_to_text.vocabulary import PAD


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


def draw_captions(text: Tensor) -> Tensor:
    """Return one of each picture's captions, [B, T], of [B, K, T], drawn from torch's global generator."""
    if text.shape[1] == 1:
        return text[:, 0]
    num_captions = (text[:, :, 0] != PAD).sum(dim=1)
    drawn = (torch.rand(len(text), device=text.device) * num_captions).long()
    return text[torch.arange(len(text), device=text.device), drawn]


def list_captions(text: Tensor) -> tuple[Tensor, Tensor]:
    """Return the picture of each caption that isn't padding, [N], and the caption, [N, T], of [B, K, T]."""
    rows, places = (text[:, :, 0] != PAD).nonzero(as_tuple=True)
    return rows, text[rows, places]


def trim(text: Tensor) -> Tensor:
    """Return [N, T] without what is padding in all captions."""
    return text[:, : max(int((text != PAD).sum(dim=1).max()), 2)]


def count_targets(text: Tensor) -> Tensor:
    """Return the number of tokens of [N, T] that count in the loss: all but the first and padding."""
    return (text[:, 1:] != PAD).sum()
