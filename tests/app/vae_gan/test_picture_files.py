from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest
from PIL import Image

from nested_lightning.app.errors import UserError
from nested_lightning.app.vae_gan.picture_files import read_digits, read_picture_folders, read_pictures


def _save(path: Path, values: object, mode: str = "L") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.array(values, dtype=np.uint8), mode).save(path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two grey pictures of 2×2 pixels in sub-folders a and b, and files that are none."""
    _save(tmp_path / "data" / "a" / "1.png", [[0, 51], [102, 255]])
    _save(tmp_path / "data" / "b" / "2.png", [[255, 0], [0, 0]])
    (tmp_path / "data" / "a" / "notes.txt").write_text("no picture")
    _save(tmp_path / "data" / ".hidden" / "3.png", [[0, 0], [0, 0]])
    _save(tmp_path / "data" / "outside.png", [[0, 0], [0, 0]])
    return tmp_path / "data"


def test_digits_are_1797_grey_pictures_from_0_to_1() -> None:
    digits = read_digits()

    assert digits.pictures.shape == (1797, 1, 8, 8)
    assert (digits.pictures.min().item(), digits.pictures.max().item()) == (0, 1)
    assert digits.labels[:4] == ("0", "1", "2", "3")


def test_sub_folders_are_domains_and_values_are_those_of_the_files(folder: Path) -> None:
    data = read_picture_folders(folder, image_size=2, channels=None)

    assert data.labels == ("a", "b")
    np.testing.assert_allclose(data.pictures[0, 0], [[0.0, 0.2], [0.4, 1.0]], rtol=1e-6)


def test_a_zip_file_is_read_like_the_folder_whatever_is_around_it(folder: Path, tmp_path: Path) -> None:
    with ZipFile(tmp_path / "data.zip", "w") as archive:
        for file in folder.rglob("*"):
            archive.write(file, Path("pictures") / file.relative_to(folder))
        archive.write(folder / "a" / "1.png", "__MACOSX/a/1.png")
    (folder / "outside.png").unlink()

    zipped = read_picture_folders(tmp_path / "data.zip", image_size=2, channels=None)

    assert sorted(zipped.labels) == ["a", "b", "pictures"]  # what lay beside the sub-folders is in one now
    unzipped = read_picture_folders(folder, image_size=2, channels=1)
    assert np.array_equal(zipped.pictures[0], unzipped.pictures[0])


def test_one_coloured_picture_makes_all_coloured_unless_settings_say_grey(folder: Path) -> None:
    _save(folder / "a" / "colour.png", np.full((2, 2, 3), (255, 0, 0)), "RGB")

    coloured = read_picture_folders(folder, image_size=2, channels=None).pictures
    grey = read_picture_folders(folder, image_size=2, channels=1).pictures

    assert coloured.shape == (3, 3, 2, 2)
    assert grey.shape == (3, 1, 2, 2)
    np.testing.assert_allclose(grey[1], np.full((1, 2, 2), 0.299), rtol=1e-6)


def test_pictures_of_another_size_are_cut_to_a_square_and_scaled(folder: Path) -> None:
    _save(folder / "a" / "large.png", np.tile([0, 255, 255, 0], (2, 1)).repeat(10, 0).repeat(10, 1))

    data = read_picture_folders(folder, image_size=4, channels=1)

    assert data.pictures[1].shape == (1, 4, 4)
    assert data.pictures[1].min() > 0.9  # the black edges at both sides are cut off


def test_a_damaged_picture_is_named(folder: Path) -> None:
    (folder / "b" / "bad.png").write_bytes(b"no picture at all")

    with pytest.raises(UserError, match=r"b/bad\.png: .*no picture"):
        read_picture_folders(folder, image_size=2, channels=None)


def test_what_holds_no_pictures_in_sub_folders_is_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.zip").write_text("no zip file")

    with pytest.raises(UserError, match="no such file or folder"):
        read_picture_folders(tmp_path / "nowhere", image_size=2, channels=None)
    with pytest.raises(UserError, match="no pictures in sub-folders"):
        read_picture_folders(tmp_path / "empty", image_size=2, channels=None)
    with pytest.raises(UserError, match="not a zip archive"):
        read_picture_folders(tmp_path / "text.zip", image_size=2, channels=None)


def test_single_pictures_and_folders_of_them_are_read_without_domains(folder: Path) -> None:
    pictures, paths = read_pictures(folder, image_size=2, channels=3)
    one, _ = read_pictures(folder / "a" / "1.png", image_size=2, channels=1)

    assert [path.name for path in paths] == ["1.png", "2.png", "outside.png"]
    assert pictures.shape == (3, 3, 2, 2)
    assert np.array_equal(one[0, 0], pictures[0, 0])
    with pytest.raises(UserError, match="no such file or folder"):
        read_pictures(folder / "nowhere.png", image_size=2, channels=1)
