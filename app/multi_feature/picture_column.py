"""Columns of a table that name pictures, which are read when they are asked for.

Shapes: N rows, S pixels to a side.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from torch import Tensor

from nested_lightning.app.multi_feature.group_specs import PictureGroupSpec
from nested_lightning.app.multi_feature.picture_encoding import encode_pictures, fit_pictures
from nested_lightning.app.multi_feature.table_pictures import Picture, TablePictures
from nested_lightning.app.pictures.decoding import Fit
from nested_lightning.app.pictures.sizes import PictureSizes

_BLOCK_PICTURES = 1024
"""Pictures that are decoded at once."""


@dataclass(frozen=True, eq=False)
class PictureColumn:
    """One column of names of pictures.

    Attributes:
        column: Its name.
        names: [N], null where missing.
        pictures: Reads them.
    """

    column: str
    names: pa.StringArray
    pictures: TablePictures

    def fit(self) -> PictureGroupSpec:
        """Return size, channels and their statistics, see `fit_pictures`."""
        return fit_pictures(self)

    def encode(self, spec: PictureGroupSpec) -> Picture:
        """Return uint8 of [N, C, S, S], see `encode_pictures`."""
        return encode_pictures(self, spec)

    def note(self, spec: PictureGroupSpec) -> None:
        """Warn of nothing."""

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, rows: slice) -> PictureColumn:
        """Return some rows."""
        return replace(self, names=self.names[rows])

    def take(self, rows: Any) -> PictureColumn:
        """Return the rows of these numbers."""
        return replace(self, names=self.names.take(rows))

    def filter(self, rows: Any) -> PictureColumn:
        """Return the rows that are True in ``rows``, bool of [N]."""
        return replace(self, names=self.names.filter(rows))

    def drop_null(self) -> PictureColumn:
        """Return the rows that name a picture."""
        return replace(self, names=self.names.drop_null())

    def is_null(self) -> pa.BooleanArray:
        """Return which rows name none, bool of [N]."""
        return self.names.is_null()

    def sizes(self) -> PictureSizes:
        """Return the sizes of the pictures in their files; no name is missing."""
        sizes = PictureSizes([self.pictures.size_of(self.column, name) for name in self.names.to_pylist()])
        self.pictures.sizes[self.column] = sizes
        return sizes

    def blocks(self, *, size: int, fit: Fit) -> Iterator[Tensor]:
        """Yield the pictures, some at a time, uint8 of [n, 3, S, S]; no name is missing."""
        for start in range(0, len(self), _BLOCK_PICTURES):
            names = self.names[start : start + _BLOCK_PICTURES].to_pylist()
            decoded = [self.pictures.decode(self.column, name, size=size, fit=fit) for name in names]
            yield torch.from_numpy(np.stack(decoded))
