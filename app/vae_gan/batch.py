"""One batch, or a whole split, of pictures that belong to domains.

Shapes: B pictures, C channels, S pixels to a side.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass  # not frozen: Lightning refuses to convert frozen ones to another number format
class PictureBatch:
    """Pictures with their domains; the same type holds a split in memory and a batch of it.

    Attributes:
        pictures: [B, C, S, S], float32, each value from 0 (black) to 1 (white).
        domain: [B], int64, index of the domain of each picture.
    """

    pictures: Tensor
    domain: Tensor

    def __len__(self) -> int:
        return len(self.pictures)

    def __getitem__(self, index: Tensor | slice) -> PictureBatch:
        """Return the pictures at ``index``: views for a slice, one gather each for int64 indices."""
        return self._map(lambda tensor: tensor[index])

    def to(self, device: torch.device | str, non_blocking: bool = False) -> PictureBatch:
        """Return the same pictures on ``device``; from page-locked memory they are copied without waiting."""
        return self._map(lambda each: each.to(device, non_blocking=non_blocking or each.is_pinned()))

    @property
    def num_bytes(self) -> int:
        """Memory that the tensors take."""
        return self.pictures.nbytes + self.domain.nbytes

    def pin_memory(self) -> PictureBatch:
        """Return the same pictures in page-locked memory, from which copies to a GPU need not wait."""
        return self._map(lambda tensor: tensor.pin_memory())

    def _map(self, function: Callable[[Tensor], Tensor]) -> PictureBatch:
        return PictureBatch(pictures=function(self.pictures), domain=function(self.domain))
