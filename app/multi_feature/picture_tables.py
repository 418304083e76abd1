"""Folders and zip archives with a folder for each class as tables, and where the pictures of a table lie."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar

import pyarrow as pa
from typing_extensions import override

from nested_lightning.app.data.splits import PART_NAMES, note_given_parts
from nested_lightning.app.errors import UserError, errors_naming
from nested_lightning.app.folders import list_files
from nested_lightning.app.pictures.class_folders import find_class_folders
from nested_lightning.app.pictures.listing import PICTURE_SUFFIXES, is_picture
from nested_lightning.app.pictures.source import FolderSource, PictureSource, open_folder_or_zip
from nested_lightning.app.tables.table_file import TableReader
from nested_lightning.app.tables.table_sources import TableFiles, TableSource, table_source

PICTURE, CLASS, SPLIT = "picture", "class", "split"
"""The columns of class folders; the last one is there where a split by a column of that name asks for it."""


def has_class_folders(path: Path) -> bool:
    """Return whether this is a zip archive, by its ending, or a folder whose sub-folders hold pictures."""
    if not _is_folder(path):
        return path.suffix.lower() == ".zip"
    return any(is_picture(name) and len(name.parts) > 1 for name in list_files(path))


@dataclass(frozen=True)
class ClassFolders(TableFiles):
    """A folder or a zip archive with a folder for each class, as the source of a table."""

    usual_labels: ClassVar = (CLASS,)

    @override
    def read(self, *, text_columns: Sequence[str], reader: TableReader) -> pa.Table:
        """Return a table with the name and the class of each picture.

        Where ``split`` is among the ``text_columns``, it has that column too: what a folder above that of the
        class says.

        Raises:
            UserError: There is no picture in a sub-folder.
        """
        del reader  # of a file that holds a table
        with errors_naming(self), closing(open_folder_or_zip(self.path)) as source:
            found = find_class_folders(source, noun="class")
        columns = {PICTURE: [*map(str, found.pictures)], CLASS: [*found.classes]}
        if SPLIT not in text_columns:
            note_given_parts(found.above, setting="multi_feature.data.split")
            return pa.table(columns)
        return pa.table({**columns, SPLIT: pa.array(map(_part_of, found.pictures), pa.string())})


def source_of(data: Any) -> TableSource:
    """Return the source of a table: class folders, or whatever `table_source` takes."""
    path = Path(data) if isinstance(data, str | Path) else None
    return ClassFolders(path) if path is not None and has_class_folders(path) else table_source(data)


def _part_of(picture: PurePosixPath) -> str | None:
    return next((part for part in picture.parts[:-2] if part.lower() in PART_NAMES), None)


def pictures_at(path: Path) -> list[str] | None:
    """Return the picture, or the pictures in a folder or a zip archive, by their names beside the path.

    None: it is something else, such as a file with a table, or a folder without a picture.

    Raises:
        UserError: There is no picture in an archive, or it can't be read.
    """
    if is_picture(path) and not _is_folder(path):
        return [path.name]
    if not _is_within(path):
        return None
    with errors_naming(path), closing(pictures_by(path)) as source:
        found = [str(name) for name in source.names() if is_picture(name)]
    if not found and not _is_folder(path):
        raise UserError(f"{path}: there is no picture in it ({', '.join(PICTURE_SUFFIXES)})")
    return found or None


def pictures_beside(source: TableSource) -> PictureSource:
    """Return where the pictures lie that a table names; of one in memory, the current folder."""
    path = getattr(source, "path", None)
    return pictures_by(path) if path is not None else FolderSource(Path())


def pictures_by(path: Path) -> PictureSource:
    """Return where pictures lie that a file names: beside it, or within a folder or a zip archive."""
    return open_folder_or_zip(path) if _is_within(path) else FolderSource(path.parent)


def _is_within(path: Path) -> bool:
    """Return whether files lie within a path: a folder, or a zip archive by its ending."""
    return _is_folder(path) or path.suffix.lower() == ".zip"


def _is_folder(path: Path) -> bool:
    """Return whether it is one; missing permissions are reported when it is opened."""
    try:
        return path.is_dir()
    except PermissionError:
        return False
