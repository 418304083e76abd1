"""What a file of names may have read: files of the data, no others, and no more of them than is needed."""

import os
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from nested_lightning.app.errors import UserError
from nested_lightning.app.image_to_text.captioned_pictures import (
    CaptionedPictures,
    CaptionLimit,
    PictureReader,
)
from nested_lightning.app.pictures.decoding import Squaring
from nested_lightning.app.pictures.listing import find_pictures
from nested_lightning.app.tables.table_file import read_table
from nested_lightning.app.vae_gan.picture_files import read_picture_folders, read_pictures
from nested_lightning.app.variant.sources.python import read_python
from nested_lightning.app.variant.sources.rows import read_rows
from tests.app.image_to_text.captioned_folder import draw


def _read(path: Path, **options: str) -> CaptionedPictures:
    limit = CaptionLimit(unit="words", max_length=9)
    return PictureReader(**options)(path, squaring=Squaring(size=4), limit=limit)  # type: ignore[arg-type]


def _write(folder: Path, *names: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "captions.csv").write_text("".join(["image,caption\n", *(f"{name},red\n" for name in names)]))
    return folder


@pytest.mark.parametrize("name", ["../secret.png", "images/../../secret.png", "{tmp_path}/secret.png"])
def test_a_captions_file_names_no_picture_outside_of_its_folder(tmp_path: Path, name: str) -> None:
    draw("red", "box").save(tmp_path / "secret.png")
    folder = _write(tmp_path / "data", name.format(tmp_path=tmp_path))

    with pytest.raises(UserError, match="leads out of the folder of the data"):
        _read(folder)


def test_a_captions_file_may_name_what_is_inside_in_any_way(tmp_path: Path) -> None:
    folder = _write(tmp_path / "data", "x/../a.png", f"{tmp_path}/data/a.png")
    draw("red", "box").save(folder / "a.png")

    assert len(_read(folder).records) == 2


def test_the_picture_folder_of_the_settings_may_lie_elsewhere_but_nothing_above_it(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    for path in (tmp_path / "elsewhere" / "a.png", tmp_path / "b.png"):
        draw("red", "box").save(path)

    assert len(_read(_write(tmp_path / "data", "a.png"), picture_folder="../elsewhere").records) == 1
    with pytest.raises(UserError, match="leads out of the folder"):
        _read(_write(tmp_path / "data", "../b.png"), picture_folder="../elsewhere")


def test_composed_and_decomposed_names_of_pictures_meet(tmp_path: Path) -> None:
    for number, (named, there) in enumerate([("\u00e9.png", "e\u0301.png"), ("e\u0301.png", "\u00e9.png")]):
        folder = _write(tmp_path / str(number), named)
        draw("red", "box").save(folder / there)
        assert len(_read(folder).records) == 1


@pytest.mark.parametrize(
    "read",
    [
        read_table,
        lambda path: read_rows(path, "speech"),
        read_python,
        _read,
        lambda path: read_picture_folders(path, image_size=4, channels=1),
        lambda path: read_pictures(path, image_size=4, channels=1),
        lambda path: find_pictures([path]),
    ],
)
def test_devices_pipes_and_overlong_names_are_refused_by_every_reader(
    tmp_path: Path, read: Callable[[Path], object]
) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (Path("/dev/zero"), tmp_path / "pipe", tmp_path / ("x" * 300)):
        with pytest.raises(UserError, match=r"device or a pipe|File name too long"):
            read(path)


def test_an_overlong_name_in_a_captions_file_is_the_fault_of_its_row_and_can_be_skipped(
    tmp_path: Path,
) -> None:
    folder = _write(tmp_path / "data", "x" * 300 + ".png", "a.png")
    draw("red", "box").save(folder / "a.png")

    with pytest.raises(UserError, match=r"xxx\.png: .*File name too long"):
        _read(folder)
    with pytest.warns(UserWarning, match="1 of 2 pictures left out"):
        assert len(_read(folder, skip_bad=True).records) == 1  # type: ignore[arg-type]


def test_an_entry_of_an_archive_that_is_no_picture_is_not_unpacked(tmp_path: Path) -> None:
    with ZipFile(tmp_path / "bomb.zip", "w", ZIP_DEFLATED) as archive:
        archive.writestr("a/1.png", bytes(100 << 20))

    tracemalloc.start()
    with pytest.raises(UserError, match=r"a/1\.png: this is no picture"):
        read_picture_folders(tmp_path / "bomb.zip", image_size=4, channels=1)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20 << 20
