"""Which files of a folder are pictures: the same ones for every family."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from nested_lightning.app.errors import UserError
from nested_lightning.app.folders import list_files
from nested_lightning.app.pictures.listing import find_pictures
from nested_lightning.app.pictures.source import ZipSource
from nested_lightning.app.vae_gan.picture_files import read_picture_folders, read_pictures
from nested_lightning.app.variant.sources.digit_pictures import list_digit_pictures
from tests.app.image_to_text.captioned_folder import draw

HIDDEN = ("a/._1.png", ".cache/x.png", "__MACOSX/a/1.png", "a/.ipynb_checkpoints/1.png")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a/1.png", "a/2.PNG", "b/1.png", *HIDDEN):
        path = tmp_path / "pictures" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        draw("red", "box").save(path)
    (tmp_path / "pictures" / "a" / "notes.txt").write_text("no picture")
    return tmp_path / "pictures"


def test_hidden_pictures_are_left_out_in_every_family(folder: Path, tmp_path: Path) -> None:
    with ZipFile(tmp_path / "pictures.zip", "w") as archive:
        for file in sorted(folder.rglob("*.*")):
            archive.write(file, file.relative_to(folder))
    shown = ["a/1.png", "a/2.PNG", "b/1.png"]

    assert [path.relative_to(folder).as_posix() for path in find_pictures([folder])] == shown
    assert [
        path.relative_to(folder).as_posix() for path in read_pictures(folder, image_size=2, channels=1)[1]
    ] == shown
    assert read_picture_folders(folder, image_size=2, channels=1).labels == ("a", "a", "b")
    assert read_picture_folders(tmp_path / "pictures.zip", image_size=2, channels=1).labels == ("a", "a", "b")
    assert [path.name for path in list_digit_pictures(folder / "a")] == ["1.png", "2.PNG"]
    assert [str(name) for name in ZipSource(tmp_path / "pictures.zip").names()] == [
        "a/1.png",
        "a/2.PNG",
        "a/notes.txt",
        "b/1.png",
    ]


def test_a_sub_folder_that_cannot_be_read_is_not_left_out_silently(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scan = os.scandir

    def refuse(path: Any) -> Iterator[os.DirEntry[str]]:
        if Path(path).name == "b":
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)  # chmod doesn't stop root
    with pytest.raises(UserError, match=r"b: it can't be read \(Permission denied\)"):
        read_picture_folders(folder, image_size=2, channels=1)


def test_a_link_to_a_folder_is_left_out_with_a_warning_and_devices_always(folder: Path) -> None:
    (folder / "c").symlink_to(folder.parent, target_is_directory=True)
    (folder / "a" / "zero.png").symlink_to("/dev/zero")
    os.mkfifo(folder / "a" / "pipe.png")

    with pytest.warns(UserWarning, match="links to folders are left out: 'c'"):
        names = list_files(folder)

    assert [str(name) for name in names if name.suffix == ".png"] == ["a/1.png", "b/1.png"]
