"""From the bytes of a picture file to a small square of colours."""

import io
from typing import Literal

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps, UnidentifiedImageError

from nested_lightning.app.errors import UserError

Fit = Literal["pad", "crop", "stretch"]
"""How a picture becomes square: with white margins, with its edges cut off, or distorted."""

MAX_PIXELS = 89_000_000
"""Most pixels of a picture; one that claims more is refused before it is decoded; Pillow warns above."""


def decode_picture(content: bytes, *, size: int, fit: Fit) -> npt.NDArray[np.uint8]:
    """Decode a picture of any size and mode.

    It is turned as its EXIF data say; transparent parts become white; of a moving picture the first frame is
    taken.

    Args:
        content: The bytes of a file in a format that Pillow knows: PNG, JPEG, GIF, WebP, BMP, TIFF, …
        size: Width and height of the result.
        fit: How it becomes square.

    Returns:
        Colours of [3, size, size], uint8.

    Raises:
        UserError: The bytes are no picture, are cut off, or hold more than `MAX_PIXELS`.
    """
    if not content:
        raise UserError("the file is empty")
    try:
        with Image.open(io.BytesIO(content)) as image:
            _refuse_bomb(image)
            square = _make_square(_to_rgb(ImageOps.exif_transpose(image)), size, fit)
    except UserError:
        raise
    except Image.DecompressionBombError:
        raise UserError(_TOO_LARGE.format(MAX_PIXELS)) from None
    except UnidentifiedImageError:
        raise UserError("this is no picture in a format that can be read (PNG, JPEG, GIF, WebP, …)") from None
    except (
        OSError,
        ValueError,
        SyntaxError,
        EOFError,
        IndexError,
        TypeError,
        KeyError,
        MemoryError,
    ) as error:
        raise UserError(f"the picture is damaged and can't be decoded ({error})") from None
    return np.asarray(square).transpose(2, 0, 1).copy()


_TOO_LARGE = "the picture has more than {:,} pixels, as a decompression bomb has; make it smaller"


def _refuse_bomb(image: Image.Image) -> None:
    if image.width * image.height > MAX_PIXELS:
        raise UserError(_TOO_LARGE.format(MAX_PIXELS))


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith(("I", "F")):  # convert("RGB") would cut off what is above 255
        values = np.asarray(image, dtype=np.float64)
        top = 65_535.0 if image.mode.startswith("I") else max(float(values.max(initial=0.0)), 1e-12)
        return Image.fromarray((values / top * 255).clip(0, 255).astype(np.uint8)).convert("RGB")
    if image.has_transparency_data:
        coloured = image.convert("RGBA")
        white = Image.new("RGBA", coloured.size, "white")
        return Image.alpha_composite(white, coloured).convert("RGB")
    return image.convert("RGB")


def _make_square(image: Image.Image, size: int, fit: Fit) -> Image.Image:
    if image.size == (size, size):
        return image
    if fit == "stretch":
        return image.resize((size, size), Image.Resampling.LANCZOS)
    if fit == "crop":
        return ImageOps.fit(image, (size, size), Image.Resampling.LANCZOS)
    return ImageOps.pad(image, (size, size), Image.Resampling.LANCZOS, color="white")
