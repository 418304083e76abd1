"""From a column of pictures to a group's features: what is learnt of the training part, then uint8 pictures.

Shapes: N rows, C channels, S pixels to a side.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch

from nested_lightning.app.multi_feature.group_specs import PictureGroupSpec
from nested_lightning.app.pictures.colours import count_values, is_grey, statistics_of, with_channels
from nested_lightning.app.tables.column_values import is_missing

if TYPE_CHECKING:
    from nested_lightning.app.multi_feature.picture_column import PictureColumn

Pictures = npt.NDArray[np.uint8]


def fit_pictures(known: PictureColumn) -> PictureGroupSpec:
    """Find size, channels and their statistics in the pictures of the training part.

    They are grey if all pictures there are, else coloured. The group has the column's name.

    Raises:
        UserError: A picture can't be read; names row and column.
    """
    size, fit = known.pictures.size or known.sizes().followed(), known.pictures.fit
    counts, grey = torch.zeros(3, 256, dtype=torch.int64), True
    for block in known.blocks(size=size, fit=fit):
        counts += count_values(block)
        grey = grey and is_grey(block)
    mean, scale = statistics_of(counts[:1] if grey else counts)
    return PictureGroupSpec(
        name=known.column, column=known.column, size=size, fit=fit, mean=mean, scale=scale
    )


def encode_pictures(column: PictureColumn, spec: PictureGroupSpec) -> Pictures:
    """Return uint8 of [N, C, S, S]; where a picture is missing, all of its pixels are the mean.

    Colours become shades of grey where the training part had no others, and grey pictures three equal
    channels where it had colours.

    Raises:
        UserError: A picture can't be read; names row and column.
    """
    encoded = np.empty((len(column), *spec.layout.shape), dtype=np.uint8)
    there = np.flatnonzero(~is_missing(column))
    encoded[is_missing(column)] = np.round(255 * np.array(spec.mean)).reshape(1, -1, 1, 1)
    start = 0
    for block in column.drop_null().blocks(size=spec.size, fit=spec.fit):
        rows = there[start : start + len(block)]
        encoded[rows] = with_channels(block, spec.width).numpy()
        start += len(block)
    return encoded
