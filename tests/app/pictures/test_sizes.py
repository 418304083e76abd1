import io

import numpy as np
import pytest
from PIL import Image

from nested_lightning.app.errors import UserError
from nested_lightning.app.pictures.decoding import Squaring, read_picture, read_size
from nested_lightning.app.pictures.sizes import PictureSizes


@pytest.mark.parametrize(
    ("sizes", "side", "text"),
    [
        ([(28, 28)] * 3, 28, "28 x 28 pixels"),
        ([(12, 9), (20, 31), (640, 480)], 20, "12 x 9 to 640 x 480 pixels"),
        ([(500, 400)], 32, "500 x 400 pixels"),
        ([(1, 7)], 1, "1 x 7 pixels"),
    ],
)
def test_the_size_follows_the_shorter_side_of_the_middle_picture_up_to_a_bound(
    sizes: list[tuple[int, int]], side: int, text: str
) -> None:
    assert PictureSizes(sizes).followed() == side
    assert str(PictureSizes(sizes)) == text


def test_what_is_lost_is_said_with_the_setting_that_keeps_it() -> None:
    sizes = PictureSizes([(100, 60), (20, 40)])

    (lost,) = sizes.losses(32, setting="a.size")
    assert (
        lost
        == "pictures of 20 x 40 to 100 x 60 pixels are made 32 x 32, so detail is lost; a.size keeps more"
    )
    assert sizes.losses(60, setting="a.size") == ()


def test_a_size_is_read_without_a_trace_in_the_stream() -> None:
    stream = io.BytesIO()
    Image.fromarray(np.zeros((5, 9), dtype=np.uint8)).save(stream, format="png")
    stream.seek(0)

    assert read_size(stream) == (9, 5)
    assert stream.tell() == 0
    assert read_picture(stream, Squaring(size=4, fit="crop")).shape == (3, 4, 4)
    with pytest.raises(UserError, match="the file is empty"):
        read_size(io.BytesIO())
