"""Columns of a table that name pictures, which are read when they are asked for.

Shapes: N rows, C channels, S pixels to a side.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from nested_lightning.app.multi_feature.own_columns import OwnColumn
from nested_lightning.app.multi_feature.own_group_specs import PictureGroupSpec
from nested_lightning.app.multi_feature.table_pictures import Picture, TablePictures
from nested_lightning.app.pictures.colours import (
    Pictures,
    count_values,
    is_grey,
    statistics_of,
    with_channels,
)
from nested_lightning.app.pictures.decoding import Squaring
from nested_lightning.app.pictures.preparation import PicturePreparation, squaring_of
from nested_lightning.app.pictures.sizes import PictureSizes
from nested_lightning.app.tables.column_values import is_missing

_BLOCK_PICTURES = 1024
"""Pictures that are decoded at once."""


@dataclass(frozen=True, eq=False)
class PictureColumn(OwnColumn):
    """Names of pictures, text of [N], and how a pretrained extractor wants these, if it is one."""

    pictures: TablePictures
    preparation: PicturePreparation | None = None

    def fit(self) -> PictureGroupSpec:
        """Return size, channels and their statistics, or what the extractor wants; no name is missing.

        Pictures are grey if all of these are, else coloured.

        Raises:
            UserError: A picture can't be read; names row and column.
        """
        wanted = self.preparation
        squaring = squaring_of(
            wanted,
            size=self.pictures.size,
            fit=self.pictures.fit,
            default_size=0 if wanted or self.pictures.size else self._sizes().followed(),
        )
        mean, scale = (wanted.mean, wanted.scale) if wanted else self._statistics(squaring)
        return PictureGroupSpec(
            name=self.name,
            column=self.name,
            size=squaring.size,
            fit=squaring.fit,
            interpolation=squaring.interpolation,
            crop_fraction=squaring.crop_fraction,
            mean=mean,
            scale=scale,
        )

    def _statistics(self, squaring: Squaring) -> tuple[tuple[float, ...], tuple[float, ...]]:
        counts, grey = np.zeros((3, 256), dtype=np.int64), True
        for block in self._blocks(squaring):
            counts += count_values(block)
            grey = grey and is_grey(block)
        return statistics_of(counts[:1] if grey else counts)

    def encode(self, spec: PictureGroupSpec) -> Picture:
        """Return uint8 of [N, C, S, S]; where a picture is missing, all of its pixels are the mean.

        Colours become shades of grey where the training part had no others, and grey pictures three equal
        channels where it had colours.

        Raises:
            UserError: A picture can't be read; names row and column.
        """
        encoded = np.empty((len(self), *spec.layout.shape), dtype=np.uint8)
        is_lacking = is_missing(self.values)
        encoded[is_lacking] = np.round(255 * np.array(spec.mean)).reshape(1, -1, 1, 1)
        there, start = np.flatnonzero(~is_lacking), 0
        for block in self.drop_null()._blocks(spec.squaring):
            encoded[there[start : start + len(block)]] = with_channels(block, spec.width)
            start += len(block)
        return encoded

    def _sizes(self) -> PictureSizes:
        """Return the sizes of the pictures in their files, and note them."""
        sizes = PictureSizes([self.pictures.size_of(self.name, name) for name in self.values.to_pylist()])
        self.pictures.sizes[self.name] = sizes
        return sizes

    def _blocks(self, squaring: Squaring) -> Iterator[Pictures]:
        """Yield the pictures, some at a time, uint8 of [n, 3, S, S]."""
        for start in range(0, len(self), _BLOCK_PICTURES):
            names = self.values[start : start + _BLOCK_PICTURES].to_pylist()
            decoded = [self.pictures.decode(self.name, name, squaring) for name in names]
            yield np.stack(decoded)
