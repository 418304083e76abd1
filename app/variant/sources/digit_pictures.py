"""Pictures of single digits from files, in the form of scikit-learn's ``load_digits``.

Shapes: L pictures of a sequence.
"""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from nested_lightning.app.errors import UserError
from nested_lightning.app.foreign_files import foreign_file, regular_file
from nested_lightning.app.pictures.decoding import open_picture, to_rgb
from nested_lightning.app.pictures.listing import list_pictures

SIZE = 8
_FULL_INK = 16.0


def list_digit_pictures(folder: Path) -> list[Path]:
    """Return the pictures of a folder in the order of their names, ``2.png`` before ``10.png``.

    Raises:
        UserError: There is none.
    """
    return sorted(list_pictures(folder, max_depth=1), key=lambda path: _natural(path.name))


def read_digit_pictures(paths: Sequence[Path]) -> npt.NDArray[np.float32]:
    """Return one sequence of pictures, [L, 64], from 0 (paper) to 16 (ink), row by row.

    A picture of 8×8 is taken as it is. A larger one is cut to its ink, put in the middle of a square and
    made smaller. Ink is what is rarer: a picture that is bright at its edge is dark on bright.

    Raises:
        UserError: A file is no picture, or shows nothing; the message names it.
    """
    return np.stack([_read(path) for path in paths])


def _read(path: Path) -> npt.NDArray[np.float32]:
    regular_file(path)
    with foreign_file(path), open_picture(path) as image:
        grey = to_rgb(image).convert("L")
    ink = ImageOps.invert(grey) if _edge_brightness(grey) > 127 else grey
    if ink.size != (SIZE, SIZE):
        ink = _fit(ink, path)
    return (np.asarray(ink, dtype=np.float32) * (_FULL_INK / 255)).reshape(-1)


def _fit(ink: Image.Image, path: Path) -> Image.Image:
    box = ink.point(lambda value: 255 if value > 63 else 0).getbbox()
    if box is None:
        raise UserError(f"{path}: shows no digit, but one brightness all over")
    drawn = ink.crop(box)
    side = max(drawn.size)
    square = Image.new("L", (side, side), 0)
    square.paste(drawn, ((side - drawn.width) // 2, (side - drawn.height) // 2))
    return square.resize((SIZE, SIZE), Image.Resampling.BOX)


def _edge_brightness(grey: Image.Image) -> float:
    values = np.asarray(grey, dtype=np.float64)
    return float(np.concatenate([values[0], values[-1], values[:, 0], values[:, -1]]).mean())


def _natural(name: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name)]
