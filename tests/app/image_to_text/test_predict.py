"""Which files are described."""

from pathlib import Path

import pytest

from nested_lightning.app.errors import UserError
from nested_lightning.app.pictures.listing import find_pictures


def test_pictures_in_folders_are_found_in_order(tmp_path: Path) -> None:
    for name in ("b.PNG", "a.jpg", "notes.txt", "deep/c.webp"):
        (tmp_path / "folder" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "folder" / name).touch()
    (tmp_path / "plain").touch()

    found = find_pictures([tmp_path / "plain", tmp_path / "folder"])

    names = [path.relative_to(tmp_path).as_posix() for path in found]
    assert names == ["plain", "folder/a.jpg", "folder/b.PNG", "folder/deep/c.webp"]


@pytest.mark.parametrize(
    ("name", "message"), [("nowhere.png", "no such file"), (".", "no picture in this folder")]
)
def test_paths_without_pictures_are_refused(tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        find_pictures([tmp_path / name])
