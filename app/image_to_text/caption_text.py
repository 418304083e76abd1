"""Captions as token indices, in steps of training and validation.

Shapes: B pictures, K captions of a picture, N captions, T tokens.
"""

import torch
from torch import Tensor

from nested_lightning.app.image_to_text.vocabulary import PAD


def draw_captions(text: Tensor) -> Tensor:
    """Return one of each picture's captions, [B, T], of [B, K, T], drawn from torch's global generator."""
    if text.shape[1] == 1:
        return text[:, 0]
    num_captions = (text[:, :, 0] != PAD).sum(dim=1)
    drawn = (torch.rand(len(text), device=text.device) * num_captions).long()
    return text[torch.arange(len(text), device=text.device), drawn]


def list_captions(text: Tensor) -> tuple[Tensor, Tensor]:
    """Return the picture of each caption that is there, [N], and the caption, [N, T], of [B, K, T]."""
    rows, places = (text[:, :, 0] != PAD).nonzero(as_tuple=True)
    return rows, text[rows, places]


def trim(text: Tensor) -> Tensor:
    """Return [N, T] without what is padding in all captions."""
    return text[:, : max(int((text != PAD).sum(dim=1).max()), 2)]


def count_targets(text: Tensor) -> Tensor:
    """Return the number of tokens of [N, T] that count in the loss: all but the first and padding."""
    return (text[:, 1:] != PAD).sum()
