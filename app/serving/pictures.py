"""Pictures that were sent: looked at before they are decoded, and found by their names."""

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import BinaryIO

import numpy as np

from nested_lightning.app.errors import UserError
from nested_lightning.app.pictures.decoding import read_size
from nested_lightning.app.pictures.encoding import encode_picture
from nested_lightning.app.serving.desk import Asked, Limits, Upload
from nested_lightning.app.serving.forms import FORM, PICTURES
from nested_lightning.app.serving.problems import Mistake, Problem, unprocessable

ANY_PICTURE = "image/*"


def sent_pictures(asked: Asked) -> Sequence[Upload]:
    """Return the pictures of a form, or the one that is the body."""
    if asked.content_type == FORM:
        return asked.files.get(PICTURES, ())
    return [Upload(name="", content=asked.body)]


def check_pictures(uploads: Sequence[Upload], limits: Limits) -> Sequence[Upload]:
    """Return pictures whose heads say that they can be decoded.

    Raises:
        Problem: There are none or too many, one is none, or has too many pixels.
    """
    if not uploads:
        raise unprocessable("at least one picture is needed", field=PICTURES)
    if len(uploads) > limits.max_pictures:
        raise Problem(413, f"{len(uploads)} pictures are more than {limits.max_pictures}; send fewer at once")
    for row, upload in enumerate(uploads):
        try:
            width, height = read_size(io.BytesIO(upload.content))
        except UserError as error:
            raise unprocessable(str(error), row=row, field=PICTURES) from None
        if width * height > limits.max_pixels:
            message = f"the picture has more than {limits.max_pixels:,} pixels; make it smaller"
            raise Problem(413, message, mistakes=[Mistake(row=row, field=PICTURES, message=message)])
    return uploads


def sample_picture() -> bytes:
    """Return a small grey picture as PNG."""
    return encode_picture(np.full((3, 32, 32), 128, dtype=np.uint8))


class HeldPictures:
    """Pictures in memory, as an `app.pictures.source.PictureSource`: no others can be read by their names."""

    label = "the request"

    def __init__(self, pictures: Mapping[str, bytes]) -> None:
        self._pictures = pictures

    def find(self, name: str) -> str | None:
        """Return the name, if it is one of these."""
        return name if name in self._pictures else None

    @contextmanager
    def open(self, name: str) -> Iterator[BinaryIO]:
        """Open a picture."""
        yield io.BytesIO(self._pictures[name])

    def names(self, *, max_depth: int | None = None) -> list[PurePosixPath]:
        """Return all names."""
        return [*map(PurePosixPath, self._pictures)]

    def close(self) -> None:
        """Do nothing."""
