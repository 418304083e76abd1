"""Which files a folder holds; everything that reads folders uses this."""

import os
import warnings
from collections.abc import Iterable
from pathlib import Path, PurePath, PurePosixPath
from typing import NoReturn

from nested_lightning.app.errors import UserError, name_list


def is_hidden(name: PurePath) -> bool:
    """Return whether a relative name, or a folder in it, is hidden or added to archives by macOS."""
    return any(part.startswith((".", "__MACOSX")) and part != ".." for part in name.parts)


def list_files(folder: Path, *, max_depth: int | None = None) -> list[PurePosixPath]:
    """Return the files in a folder and its sub-folders, in the order of their paths, without hidden ones.

    Links to files are followed, links to folders aren't, as they may lead anywhere: a warning names them.
    ``max_depth`` is 1 for the folder alone, 2 for its sub-folders too, and so on.

    Raises:
        UserError: A sub-folder can't be read, or a name isn't UTF-8.
    """
    found: list[PurePosixPath] = []
    links: list[PurePosixPath] = []
    for place, folders, files in os.walk(folder, onerror=_refuse):
        inner = PurePosixPath(Path(place).relative_to(folder).as_posix())
        shown = [inner / name for name in folders if not is_hidden(PurePath(name))]
        links += [name for name in shown if (folder / name).is_symlink()]
        folders[:] = [name.name for name in shown if max_depth is None or len(name.parts) < max_depth]
        found += [inner / name for name in files if not is_hidden(PurePath(name))]
    if links and max_depth is None:
        warnings.warn(f"links to folders are left out: {name_list(sorted(links))}", stacklevel=3)
    _check_names(found)
    return sorted(name for name in found if (folder / name).is_file())


def _refuse(error: OSError) -> NoReturn:
    raise UserError(f"{error.filename}: it can't be read ({error.strerror})") from error


def _check_names(names: Iterable[PurePosixPath]) -> None:
    for name in names:
        try:
            str(name).encode()
        except UnicodeEncodeError:
            raise UserError(f"{str(name)!a}: this name isn't UTF-8; rename the file or folder") from None
