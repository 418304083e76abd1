"""Pictures that a file names: which names it may use, and where they are looked for."""

from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from posixpath import isabs, normpath, relpath

from nested_lightning.app.errors import UserError
from nested_lightning.app.pictures.source import PictureSource


@dataclass(frozen=True, kw_only=True)
class PictureFinder:
    """Finds pictures by the names that a file has for them.

    Args:
        source: The folder or archive of the data.
        beside: Folder in it where that file is.
        folder: Where the pictures lie, beside the file or at the top; None: found.
        setting: The setting that says so.
    """

    source: PictureSource
    beside: PurePosixPath
    folder: str | None = None
    setting: str

    def __call__(self, picture: str) -> str:
        """Return a picture's name in the source.

        Only the folder of the data, and ``folder``, may be read by such a name.

        Raises:
            UserError: There is no such picture, or it may not be read.
        """
        folders = [self.beside, PurePosixPath(), self.beside / "images", PurePosixPath("images")]
        allowed = [PurePosixPath(), PurePosixPath(Path(self.source.label).absolute().as_posix())]
        if self.folder is not None:
            folders = [self.beside / self.folder, PurePosixPath(self.folder)]
            allowed += folders
        leads_out = False
        for folder in folders:
            name = normpath(folder / picture.replace("\\", "/"))
            if not any(_is_inside(name, one) for one in allowed):
                leads_out = True
            elif found := self.source.find(name):
                return found
        if leads_out:
            raise UserError(
                "this name leads out of the folder of the data; name the folder around all, or with"
                f" {self.setting} where the pictures lie"
            )
        raise UserError(f"no such picture (looked in {' and '.join(dict.fromkeys(map(str, folders)))})")


def _is_inside(name: str, folder: PurePosixPath) -> bool:
    inner = PurePosixPath(relpath(name, folder)) if isabs(name) == folder.is_absolute() else None
    return inner is not None and inner.parts[:1] != ("..",)
