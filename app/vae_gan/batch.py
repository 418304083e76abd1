"""One batch, or a whole split, of pictures that belong to domains.

Shapes: B pictures, C channels, S pixels to a side.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from nested_lightning.app.data.tensor_batch import TensorBatch


@dataclass  # not frozen: Lightning refuses to convert frozen ones to another number format
class PictureBatch(TensorBatch):
    """Pictures with their domains; the same type holds a split in memory and a batch of it.

    Attributes:
        pictures: [B, C, S, S], float32, each value from 0 (black) to 1 (white).
        domain: [B], int64, index of the domain of each picture.
    """

    pictures: Tensor
    domain: Tensor
