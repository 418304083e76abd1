"""Where pictures and captions lie: a folder or a zip archive, which is read without being unpacked."""

import zipfile
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from importlib.resources import as_file, files
from pathlib import Path, PurePosixPath
from typing import Protocol

from nested_lightning.app.errors import UserError, did_you_mean
from nested_lightning.app.wording import name_list

SHIPPED_EMOJI = "emoji.zip"

MAX_FILE_SIZE = 512 * 1024 * 1024
"""Most bytes of one file in an archive; one that claims more is refused before it is unpacked."""

_CAPTION_SUFFIXES = (".csv", ".jsonl", ".json")
_CAPTION_STEMS = ("captions", "annotations", "metadata")


class PictureSource(Protocol):
    """Files by name, with ``/`` between folders."""

    @property
    def label(self) -> str:
        """Name of the folder or archive, for messages."""

    def has(self, name: str) -> bool:
        """Return whether there is such a file."""
        ...

    def read(self, name: str) -> bytes:
        """Return a file's bytes.

        Raises:
            UserError: It can't be read.
        """
        ...

    def names_near_the_top(self) -> list[str]:
        """Return the files at the top and in the folders there, in alphabetical order."""
        ...

    def close(self) -> None:
        """Close what is open."""
        ...


class FolderSource:
    """A folder."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.label = str(path)

    def has(self, name: str) -> bool:
        """Return whether there is such a file."""
        return (self.path / name).is_file()

    def read(self, name: str) -> bytes:
        """Return a file's bytes; see `PictureSource`."""
        try:
            return (self.path / name).read_bytes()
        except OSError as error:
            raise UserError(f"cannot read the file ({error.strerror or error})") from None

    def names_near_the_top(self) -> list[str]:
        """Return the files at the top and in the folders there, in alphabetical order."""
        found = [*self.path.glob("*"), *self.path.glob("*/*")]
        return sorted(path.relative_to(self.path).as_posix() for path in found if path.is_file())

    def close(self) -> None:
        """Do nothing: each file is closed once it is read."""


class ZipSource:
    """A zip archive.

    Raises:
        UserError: The file is no zip archive.
    """

    def __init__(self, path: Path) -> None:
        self.label = str(path)
        try:
            self._archive = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, OSError) as error:
            raise UserError(f"not a zip archive that can be read ({error})") from None
        self.names = tuple(sorted(name for name in self._archive.namelist() if not name.endswith("/")))
        """Of all files, in alphabetical order."""
        self._known = frozenset(self.names)

    def has(self, name: str) -> bool:
        """Return whether there is such a file."""
        return name in self._known

    def read(self, name: str) -> bytes:
        """Return a file's bytes; see `PictureSource`."""
        info = self._archive.getinfo(name)
        if info.file_size > MAX_FILE_SIZE:
            raise UserError(f"unpacked it has {info.file_size:,} bytes, as a decompression bomb has")
        try:
            return self._archive.read(info)
        except (zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError, EOFError) as error:
            raise UserError(f"cannot be unpacked from the archive ({error})") from None
        except Exception as error:  # zlib.error has no base but Exception
            raise UserError(f"is damaged in the archive ({error})") from None

    def names_near_the_top(self) -> list[str]:
        """Return the files at the top and in the folders there, in alphabetical order."""
        return [name for name in self.names if name.count("/") < 2]

    def close(self) -> None:
        """Close the archive."""
        self._archive.close()


@contextmanager
def open_source(path: Path | None, captions_file: str | None) -> Iterator[tuple[PictureSource, str]]:
    """Open a folder, a zip archive, or the folder of a captions file, for as long as the block lasts.

    Args:
        path: A folder, a zip archive or a captions file; None for the emoji that ship with the project.
        captions_file: The captions file in the folder or archive; None: the only one, or the only one called
            captions, annotations or metadata.

    Yields:
        The source, and the name of the captions file in it.

    Raises:
        UserError: There is no such file, or it isn't clear which one holds the captions.
    """
    if path is not None and path.is_file() and path.suffix.lower() in _CAPTION_SUFFIXES:
        yield FolderSource(path.parent), path.name
        return
    with closing(_open(path)) as source:
        yield source, "captions.csv" if path is None else _find_captions(source, captions_file)


def _open(path: Path | None) -> PictureSource:
    if path is None:
        with as_file(files("nested_lightning.app.data.shipped") / SHIPPED_EMOJI) as shipped:
            return ZipSource(shipped)
    if not path.exists():
        raise UserError(f"no such file or folder (looked in {path.absolute().parent})")
    return FolderSource(path) if path.is_dir() else ZipSource(path)


def _find_captions(source: PictureSource, captions_file: str | None) -> str:
    if captions_file is not None:
        if source.has(captions_file):
            return captions_file
        near = did_you_mean(captions_file, source.names_near_the_top())
        raise UserError(f"there is no captions file '{captions_file}' in it{near}")
    names = [name for name in source.names_near_the_top() if _has_suffix(name, _CAPTION_SUFFIXES)]
    called_so = [name for name in names if PurePosixPath(name).stem.lower() in _CAPTION_STEMS]
    for candidates in (names, called_so):
        if len(candidates) == 1:
            return candidates[0]
    found = f"there are {name_list(names)}" if names else "there is none"
    raise UserError(
        f"one captions file is needed, a CSV, JSONL or COCO JSON ({found}); call it captions.csv, or name it "
        "with image_to_text.data.captions_file"
    )


def _has_suffix(name: str, suffixes: Iterable[str]) -> bool:
    return PurePosixPath(name).suffix.lower() in suffixes
