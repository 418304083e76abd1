"""Pictures in sub-folders, in a folder or a zip file, as arrays; and the digits that scikit-learn ships.

Shapes: N pictures, C channels, S pixels to a side.
"""

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePath
from typing import BinaryIO, TypeVar

import numpy as np
import numpy.typing as npt

from nested_lightning.app.foreign_files import foreign_file
from nested_lightning.app.pictures.class_folders import find_class_folders
from nested_lightning.app.pictures.colours import is_grey, with_channels
from nested_lightning.app.pictures.decoding import Squaring, read_picture, read_picture_file, read_size
from nested_lightning.app.pictures.listing import find_pictures
from nested_lightning.app.pictures.sizes import PictureSizes
from nested_lightning.app.pictures.source import PictureSource, open_folder_or_zip

T = TypeVar("T")
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class LabelledPictures:
    """Pictures, float32 of [N, C, S, S], from 0 to 1, and the name of the domain of each.

    Attributes:
        sizes: Their sizes in the files; None: they aren't of files.
        folders: Names of the folders above those of the domains.
    """

    pictures: Floats
    labels: tuple[str, ...]
    sizes: PictureSizes | None = None
    folders: frozenset[str] = frozenset()


def read_digits() -> LabelledPictures:
    """Return the 1,797 handwritten digits of 8×8 pixels that scikit-learn ships, white on black."""
    from sklearn.datasets import load_digits  # takes half a second to import

    digits = load_digits()
    pictures = digits.images.astype(np.float32)[:, np.newaxis] / np.float32(16)
    return LabelledPictures(pictures=pictures, labels=tuple(str(label) for label in digits.target))


def read_picture_folders(path: Path, *, image_size: int | None, channels: int | None) -> LabelledPictures:
    """Read pictures from a folder, or a zip file, with one sub-folder for each domain.

    What is above the sub-folders, e.g. one folder around all of them in a zip file, doesn't count; hidden
    files and files that are no pictures are left out.

    Args:
        path: The folder or zip file.
        image_size: S; pictures of another size are scaled, and cut to a square about their middle. None: as
            `PictureSizes.followed` says.
        channels: 1 for grey, 3 for colours; None: 1 if every picture is grey, else 3.

    Raises:
        UserError: It isn't there, is no zip file, holds no pictures in sub-folders, or one is damaged.
    """
    with closing(open_folder_or_zip(path)) as source:
        found = find_class_folders(source, noun="domain")
        names = found.pictures
        sizes = PictureSizes([_read(source, name, read_size) for name in names])
        read = partial(read_picture, squaring=square(image_size or sizes.followed()))
        pictures = np.stack([_read(source, name, read) for name in names])
    return LabelledPictures(
        pictures=to_floats(pictures, channels), labels=found.classes, sizes=sizes, folders=found.above
    )


def _read(source: PictureSource, name: PurePath, read: Callable[[BinaryIO], T]) -> T:
    with foreign_file(name), source.open(str(name)) as stream:
        return read(stream)


def read_pictures(path: Path, *, image_size: int, channels: int) -> tuple[Floats, list[Path]]:
    """Read one picture, or all of a folder and its sub-folders, in the order of their paths.

    Pictures are float32 of [N, C, S, S], from 0 to 1; their paths are returned too.

    Raises:
        UserError: There is none, or one is damaged.
    """
    paths = find_pictures([path])
    pictures = np.stack([read_picture_file(file, square(image_size)) for file in paths])
    return to_floats(pictures, channels), paths


def to_floats(pictures: npt.NDArray[np.uint8], channels: int | None) -> Floats:
    """Return pictures of [N, 3, S, S] as float32 of [N, C, S, S], from 0 to 1; None: C is as they look."""
    values = pictures.astype(np.float32) / np.float32(255)
    return with_channels(values, channels or (1 if is_grey(pictures) else 3))


def square(image_size: int) -> Squaring:
    """Return how pictures become square: they are cut about their middle."""
    return Squaring(size=image_size, fit="crop")
