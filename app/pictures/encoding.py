"""From the values of a picture to the bytes of its file."""

import io

import numpy as np
import numpy.typing as npt
from PIL import Image


def encode_picture(values: npt.NDArray[np.uint8], *, format_: str = "png") -> bytes:
    """Return a file, in a format by Pillow's name for it, of a picture of [C, H, W] with 1 or 3 channels."""
    image = Image.fromarray(values[0] if len(values) == 1 else values.transpose(1, 2, 0))
    content = io.BytesIO()
    image.save(content, format=format_)
    return content.getvalue()
