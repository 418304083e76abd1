"""Pictures of every mode and size, and files that are none."""

import io
import struct
import zlib
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from PIL import Image

from nested_lightning.app.errors import UserError
from nested_lightning.app.pictures.decoding import MAX_PIXELS, Fit, Squaring, decode_picture


def _bytes(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    content = io.BytesIO()
    image.save(content, kind, **options)
    return content.getvalue()


def _png_claiming(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "I;16", "I", "F"])
def test_picture_of_any_mode_becomes_three_colours(mode: str) -> None:
    kind = "TIFF" if mode in ("CMYK", "YCbCr", "F", "I") else "PNG"
    picture = decode_picture(_bytes(Image.new(mode, (5, 5)), kind), Squaring(size=4, fit="stretch"))

    assert picture.shape == (3, 4, 4)
    assert picture.dtype == np.uint8


def test_deep_grey_keeps_its_brightness() -> None:
    grey = Image.fromarray(np.full((4, 4), 32_768, dtype=np.uint16))

    assert decode_picture(_bytes(grey), Squaring(size=4, fit="pad")).tolist() == [[[127] * 4] * 4] * 3


def test_transparent_parts_become_white() -> None:
    clear = Image.new("RGBA", (4, 4), (255, 0, 0, 0))

    assert (decode_picture(_bytes(clear), Squaring(size=4, fit="pad")) == 255).all()


def test_picture_is_turned_as_its_exif_data_say() -> None:
    image = Image.new("RGB", (8, 8), "white")
    image.paste((0, 0, 0), (0, 0, 8, 4))  # black above
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down

    picture = decode_picture(_bytes(image, exif=exif), Squaring(size=8, fit="pad"))

    assert picture[0, 0, 0] == 255
    assert picture[0, 7, 0] == 0


@pytest.mark.parametrize(("fit", "corner", "edge"), [("pad", 255, 0), ("crop", 0, 0), ("stretch", 0, 0)])
def test_a_wide_picture_becomes_square(fit: Fit, corner: int, edge: int) -> None:
    black = Image.new("RGB", (40, 20))

    picture = decode_picture(_bytes(black), Squaring(size=8, fit=fit))

    assert picture[0, 0, 0] == corner
    assert picture[0, 4, 0] == edge


def test_first_frame_of_a_moving_picture_is_taken() -> None:
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
    content = _bytes(frames[0], "GIF", save_all=True, append_images=frames[1:])

    assert decode_picture(content, Squaring(size=4, fit="pad"))[:, 0, 0].tolist() == [255, 0, 0]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b"not a picture at all", "no picture in a format that can be read"),
        (_bytes(Image.effect_noise((64, 64), 50))[:900], "damaged and can't be decoded"),
        (_png_claiming(20_000, 20_000), f"more than {MAX_PIXELS:,} pixels, as a decompression bomb"),
        (_png_claiming(12_000, 10_000), f"more than {MAX_PIXELS:,} pixels, as a decompression bomb"),
        (_png_claiming(30, 30), "damaged and can't be decoded"),
    ],
)
def test_file_that_is_no_picture_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(UserError, match=message):
        decode_picture(content, Squaring(size=8, fit="pad"))


@pytest.mark.parametrize("kind", ["AVIF", "WEBP", "TIFF", "GIF"])
def test_damaged_pictures_of_every_format_are_user_errors(kind: str) -> None:
    content = _bytes(Image.effect_noise((40, 40), 50).convert("RGB"), kind)
    for place in range(0, len(content), max(len(content) // 60, 1)):
        damaged = content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1 :]
        with suppress(UserError):
            decode_picture(damaged, Squaring(size=4, fit="pad"))


def test_a_long_side_is_refused_before_it_is_decoded() -> None:
    with pytest.raises(UserError, match="a side of more than 65,535 pixels"):
        decode_picture(_png_claiming(1, 80_000_000), Squaring(size=8, fit="pad"))
