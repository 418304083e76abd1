"""Which files in a folder, or of an archive, are pictures; each family asks here."""

from collections.abc import Iterable
from pathlib import Path, PurePath

from nested_lightning.app.errors import UserError
from nested_lightning.app.folders import list_files
from nested_lightning.app.foreign_files import file_or_folder

PICTURE_SUFFIXES = (*(".png", ".jpg", ".jpeg", ".gif", ".webp"), *(".bmp", ".tif", ".tiff", ".pgm", ".avif"))


def is_picture(name: PurePath) -> bool:
    """Return whether a file is a picture by its name; capitals don't matter."""
    return name.suffix.lower() in PICTURE_SUFFIXES


def list_pictures(folder: Path, *, max_depth: int | None = None) -> list[Path]:
    """Return the pictures in a folder, see `list_files`.

    Raises:
        UserError: There is none, or a folder can't be read.
    """
    found = [folder / name for name in list_files(folder, max_depth=max_depth) if is_picture(name)]
    if not found:
        raise UserError(f"{folder}: there is no picture in this folder ({', '.join(PICTURE_SUFFIXES)})")
    return found


def find_pictures(paths: Iterable[str | Path]) -> list[Path]:
    """Return the files among ``paths``, and the pictures in the folders, by name, in alphabetical order.

    Raises:
        UserError: There is no such file or folder, or no picture in a folder.
    """
    found: list[Path] = []
    for path in map(Path, paths):
        found.extend(list_pictures(path) if file_or_folder(path).is_dir() else [path])
    return found
