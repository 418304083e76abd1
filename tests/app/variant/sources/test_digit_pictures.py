"""Pictures of digits from files."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from nested_lightning.app.errors import UserError
from nested_lightning.app.variant.sources.digit_pictures import list_digit_pictures, read_digit_pictures


def _digit(number: int = 0) -> Image.Image:
    return Image.fromarray((load_digits().images[number] / 16 * 255).round().astype(np.uint8))


def test_a_picture_of_eight_by_eight_is_taken_as_it_is(tmp_path: Path) -> None:
    _digit().save(tmp_path / "0.png")

    read = read_digit_pictures([tmp_path / "0.png"])

    assert read.shape == (1, 64)
    np.testing.assert_allclose(read[0], load_digits().data[0], atol=0.04)


def test_a_picture_of_sixteen_bits_is_taken_as_one_of_eight(tmp_path: Path) -> None:
    Image.fromarray(np.asarray(_digit()).astype(np.uint16) * 257).save(tmp_path / "0.png")

    read = read_digit_pictures([tmp_path / "0.png"])

    np.testing.assert_allclose(read[0], load_digits().data[0], atol=0.04)


def test_dark_on_bright_and_larger_pictures_are_brought_to_the_same(tmp_path: Path) -> None:
    large = Image.new("L", (200, 120), 255)
    large.paste(Image.eval(_digit().resize((64, 64), Image.Resampling.NEAREST), lambda v: 255 - v), (90, 20))
    large.save(tmp_path / "0.png")

    read = read_digit_pictures([tmp_path / "0.png"])[0]

    assert np.corrcoef(read, load_digits().data[0])[0, 1] > 0.95


def test_a_folder_is_read_in_the_order_of_its_numbers(tmp_path: Path) -> None:
    for number in (10, 2, 1):
        _digit(number).save(tmp_path / f"{number}.png")
    (tmp_path / "notes.txt").write_text("no picture")

    assert [path.name for path in list_digit_pictures(tmp_path)] == ["1.png", "2.png", "10.png"]


def test_what_is_no_digit_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n")
    Image.new("L", (30, 30), 255).save(tmp_path / "empty.png")

    with pytest.raises(UserError, match=r"broken\.png: this is no picture"):
        read_digit_pictures([tmp_path / "broken.png"])
    with pytest.raises(UserError, match=r"empty\.png: shows no digit"):
        read_digit_pictures([tmp_path / "empty.png"])
    with pytest.raises(UserError, match=r"gone\.png: no such file"):
        read_digit_pictures([tmp_path / "gone.png"])
    (tmp_path / "bare").mkdir()
    with pytest.raises(UserError, match="there is no picture"):
        list_digit_pictures(tmp_path / "bare")
