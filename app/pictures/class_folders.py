"""Pictures in a sub-folder for each class."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from nested_lightning.app.errors import UserError
from nested_lightning.app.pictures.listing import PICTURE_SUFFIXES, is_picture
from nested_lightning.app.pictures.source import PictureSource, compose


@dataclass(frozen=True)
class ClassFolders:
    """Pictures by their names, each in the folder of its class; what is above these folders doesn't count."""

    pictures: Sequence[PurePosixPath]

    @property
    def classes(self) -> tuple[str, ...]:
        """The class of each picture."""
        return tuple(compose(name.parent.name) for name in self.pictures)

    @property
    def above(self) -> frozenset[str]:
        """Names of the folders above those of the classes."""
        return frozenset(part for name in self.pictures for part in name.parts[:-2])


def find_class_folders(source: PictureSource, *, noun: str) -> ClassFolders:
    """Return the pictures in sub-folders, without hidden files and what is no picture.

    ``noun`` is what a class is called in the message.

    Raises:
        UserError: There is none.
    """
    names = [name for name in source.names() if is_picture(name) and len(name.parts) > 1]
    if not names:
        raise UserError(
            f"there are no pictures in sub-folders; each {noun} needs a sub-folder of its own with"
            f" pictures ({', '.join(PICTURE_SUFFIXES)})"
        )
    return ClassFolders(names)
