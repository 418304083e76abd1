"""Many small pictures as one large one.

Shapes: N pictures, C channels, S pixels to a side.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from nested_lightning.app.pictures.encoding import encode_picture

MIN_SIDE = 32
"""Pixels to which the side of a smaller picture is enlarged, in whole steps."""

Floats = npt.NDArray[Any]


def to_bytes(pictures: Floats) -> npt.NDArray[np.uint8]:
    """Return values from 0 to 1 as those from 0 to 255."""
    return (pictures.clip(0, 1) * np.float32(255)).round().astype(np.uint8)


def picture_grid(pictures: Floats, *, num_columns: int) -> npt.NDArray[np.uint8]:
    """Lay pictures out row by row, with a line of grey between them; small ones are enlarged: [C, H, W].

    They are [N, C, S, S], from 0 to 1, C of 1 or 3; there is at least one, and at least one to a row.
    """
    num_pictures, channels, side, _ = pictures.shape
    num_columns = min(num_columns, num_pictures)
    num_rows = -(-num_pictures // num_columns)
    factor = max(1, -(-MIN_SIDE // side))
    step = side * factor + 1
    sheet = np.full((channels, num_rows * step + 1, num_columns * step + 1), 128, dtype=np.uint8)
    values = to_bytes(pictures).repeat(factor, axis=2).repeat(factor, axis=3)
    for i, picture in enumerate(values):
        top, left = i // num_columns * step + 1, i % num_columns * step + 1
        sheet[:, top : top + step - 1, left : left + step - 1] = picture
    return sheet


def pair_rows(originals: Floats, rebuilt: Floats, *, num_columns: int) -> Floats:
    """Return rows of originals, each with the row of their reconstructions beneath it, for `picture_grid`.

    Of twice [N, C, S, S] they are [2M, C, S, S], where M is N rounded up to a multiple of ``num_columns``:
    the last row is filled up with white.
    """
    white = np.ones((-len(originals) % num_columns, *originals.shape[1:]), dtype=originals.dtype)
    rows = [
        np.concatenate([part, white]).reshape(-1, num_columns, *white.shape[1:])
        for part in (originals, rebuilt)
    ]
    return np.stack(rows, axis=1).reshape(-1, *white.shape[1:])


def write_grid(pictures: Floats, originals: Floats | None, *, num_columns: int, format_: str) -> bytes:
    """Return the file of a grid of pictures, [N, C, S, S], from 0 to 1, each below its original if any."""
    if originals is not None:
        pictures = pair_rows(originals, pictures, num_columns=num_columns)
    return encode_picture(picture_grid(pictures, num_columns=num_columns), format_=format_)
