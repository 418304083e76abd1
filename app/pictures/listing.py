"""Which files in a folder, or of an archive, are pictures; each family asks here."""

from pathlib import Path, PurePath

from nested_lightning.app.errors import UserError
from nested_lightning.app.folders import list_files

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
