"""From the bytes of a picture file to a small square of colours.

Shapes: S pixels to a side.
"""

import io
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps, UnidentifiedImageError

from nested_lightning.app.errors import UserError, errors_naming
from nested_lightning.app.foreign_files import foreign_file, regular_file

Fit = Literal["pad", "crop", "stretch"]
"""How a picture becomes square: with white margins, with its edges cut off, or distorted."""

Interpolation = Literal["nearest", "lanczos", "bilinear", "bicubic", "box", "hamming"]
"""How pixels are made of those of another size, as Pillow calls it."""

MAX_PIXELS = 89_000_000
"""Most pixels of a picture; one that claims more is refused before it is decoded; Pillow warns above."""

MAX_SIDE = 65_535
"""Most pixels of a side, as in JPEG."""

MAX_FILE_SIZE = 512 * 1024 * 1024
"""Most bytes of a file; in an archive, one that claims more is refused before it is unpacked."""


@dataclass(frozen=True, kw_only=True)
class Squaring:
    """How a picture of any size becomes a square.

    Attributes:
        size: S.
        fit: What is done about its edges.
        interpolation: How its pixels are made.
        crop_fraction: With ``crop``: S, of what its shorter side becomes before the edges are cut off; in
            (0, 1].
    """

    size: int
    fit: Fit = "pad"
    interpolation: Interpolation = "lanczos"
    crop_fraction: float = 1.0

    def __call__(self, image: Image.Image) -> Image.Image:
        """Return a picture of S by S pixels."""
        square, resample = (self.size, self.size), Image.Resampling[self.interpolation.upper()]
        if self.fit == "crop":
            return self._cut(image, resample)
        if image.size == square:
            return image
        if self.fit == "stretch":
            return image.resize(square, resample)
        return ImageOps.pad(image, square, resample, color="white")

    def _cut(self, image: Image.Image, resample: Image.Resampling) -> Image.Image:
        """Return the middle of a picture whose shorter side was brought to its size, as libraries do it."""
        longest = _MAX_RATIO * min(image.size)
        if max(image.size) > longest:  # resized as a whole, it would take very much memory
            image = _middle(image, min(image.width, longest), min(image.height, longest))
        shorter = math.floor(self.size / self.crop_fraction)
        width, height = (int(shorter * side / min(image.size)) for side in image.size)
        if image.size != (width, height):
            image = image.resize((width, height), resample)
        return _middle(image, self.size, self.size)


def _middle(image: Image.Image, width: int, height: int) -> Image.Image:
    left, top = round((image.width - width) / 2), round((image.height - height) / 2)
    return image.crop((left, top, left + width, top + height))


def decode_picture(content: bytes, squaring: Squaring) -> npt.NDArray[np.uint8]:
    """Return a picture of any size and mode, made square: colours of [3, S, S], uint8.

    It is turned as its EXIF data say; transparent parts become white; of a moving picture the first frame is
    taken; grey becomes three equal colours.

    Raises:
        UserError: The bytes are no file that Pillow knows (PNG, JPEG, GIF, WebP, BMP, TIFF, …), are cut off,
            or hold more than `MAX_PIXELS` or a side of more than `MAX_SIDE`.
    """
    if not content:
        raise UserError(_EMPTY)
    with open_picture(io.BytesIO(content)) as image:
        ImageOps.exif_transpose(image, in_place=True)
        return square_picture(image, squaring)


def square_picture(image: Image.Image, squaring: Squaring) -> npt.NDArray[np.uint8]:
    """Return an open picture as `decode_picture` does, turned as it is."""
    return np.asarray(squaring(to_rgb(_shrink(image)))).transpose(2, 0, 1).copy()


def read_picture(stream: BinaryIO, squaring: Squaring) -> npt.NDArray[np.uint8]:
    """Decode a picture from a seekable stream, which is read only if it begins like one.

    Takes and raises what `decode_picture` does.
    """
    read_size(stream)
    content = stream.read(MAX_FILE_SIZE + 1)
    if len(content) > MAX_FILE_SIZE:
        raise UserError(f"the file has more than {MAX_FILE_SIZE:,} bytes")
    return decode_picture(content, squaring)


def read_picture_file(path: Path, squaring: Squaring) -> npt.NDArray[np.uint8]:
    """Decode a picture file; takes and raises what `decode_picture` does."""
    with foreign_file(path), regular_file(path).open("rb") as stream:
        return read_picture(stream, squaring)


def decode_pictures(contents: Sequence[bytes], squaring: Squaring) -> npt.NDArray[np.uint8]:
    """Return pictures that are given as the bytes of their files: [N, 3, S, S], uint8.

    Raises:
        UserError: One of them is no picture, its place is named; or there is none.
    """
    pictures = []
    for number, content in enumerate(contents, start=1):
        with errors_naming(f"picture {number}"):
            pictures.append(decode_picture(content, squaring))
    if not pictures:
        raise UserError("there are no pictures")
    return np.stack(pictures)


def read_size(stream: BinaryIO) -> tuple[int, int]:
    """Return width and height of a picture at a stream's beginning, where the stream then stands again.

    Nothing is decoded.

    Raises:
        UserError: It is empty, or no picture that `decode_picture` takes.
    """
    if not stream.read(1):
        raise UserError(_EMPTY)
    stream.seek(0)
    with open_picture(stream) as image:
        size = image.size
    stream.seek(0)
    return size


_MAX_RATIO = 8
_EMPTY = "the file is empty"
_TOO_LARGE = "the picture has more than {:,} pixels, as a decompression bomb has; make it smaller"
_MANY_PIXELS = 1 << 24


@contextmanager
def open_picture(stream: BinaryIO | Path) -> Iterator[Image.Image]:
    """Open a picture of a size that can be decoded, for as long as a block lasts.

    Raises:
        UserError: It is none, is too large, or anything was raised within the block.
    """
    try:
        with Image.open(stream) as image:
            if image.width * image.height > MAX_PIXELS:
                raise UserError(_TOO_LARGE.format(MAX_PIXELS))
            if max(image.size) > MAX_SIDE:
                raise UserError(f"the picture has a side of more than {MAX_SIDE:,} pixels; cut it")
            yield image
    except UserError:
        raise
    except Image.DecompressionBombError:
        raise UserError(_TOO_LARGE.format(MAX_PIXELS)) from None
    except UnidentifiedImageError:
        raise UserError("this is no picture in a format that can be read (PNG, JPEG, GIF, WebP, …)") from None
    except Exception as error:
        raise UserError(f"the picture is damaged and can't be decoded ({error})") from None


def _shrink(image: Image.Image) -> Image.Image:
    """Return a picture of very many pixels smaller: each of the next steps takes memory for all of them."""
    factor = math.isqrt(image.width * image.height // _MANY_PIXELS)
    if factor < 2 or min(image.size) < factor:
        return image
    if image.mode in ("1", "P"):
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    elif image.mode.startswith("I;"):
        image = image.convert("I")
    return image.reduce(factor)


def to_rgb(image: Image.Image) -> Image.Image:
    """Return a picture in colours of 8 bits; its brightest value is white where it has more, or fractions."""
    if image.mode.startswith(("I", "F")):  # convert("RGB") would cut off what is above 255
        values = np.asarray(image, dtype=np.float64)
        top = 65_535.0 if image.mode.startswith("I") else max(float(values.max(initial=0.0)), 1e-12)
        return Image.fromarray((values / top * 255).clip(0, 255).astype(np.uint8)).convert("RGB")
    if image.has_transparency_data:
        coloured = image.convert("RGBA")
        white = Image.new("RGBA", coloured.size, "white")
        return Image.alpha_composite(white, coloured).convert("RGB")
    return image.convert("RGB")
