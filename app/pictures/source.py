"""Where pictures and captions lie: a folder or a zip archive, which is read without being unpacked."""

import io
import unicodedata
import zipfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from functools import cached_property
from importlib.resources import as_file, files
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Protocol, cast

from nested_lightning.app.errors import UserError, did_you_mean, name_list
from nested_lightning.app.folders import is_hidden, list_files
from nested_lightning.app.foreign_files import file_or_folder, regular_file
from nested_lightning.app.pictures.decoding import MAX_FILE_SIZE
from nested_lightning.app.tables.json_lines import plain_name

SHIPPED_EMOJI = "emoji.zip"

_SMALL = 1 << 20
"""Bytes of a file that is unpacked at once, since each step back in a stream begins it anew."""

_CAPTION_SUFFIXES = (".csv", ".jsonl", ".json")
_CAPTION_STEMS = ("captions", "annotations", "metadata")


class PictureSource(Protocol):
    """Files by name, with ``/`` between folders."""

    @property
    def label(self) -> str:
        """Name of the folder or archive, for messages."""

    def find(self, name: str) -> str | None:
        """Return that file's name as it is written here: accents may be decomposed. None: no such file."""

    def open(self, name: str) -> AbstractContextManager[BinaryIO]:
        """Open a file, for as long as a block lasts; it may be damaged in any way."""

    def names(self, *, max_depth: int | None = None) -> list[PurePosixPath]:
        """Return files but hidden ones, in the order of their paths, see `list_files`."""

    def close(self) -> None:
        """Close what is open."""


class FolderSource:
    """A folder."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.label = str(path)

    def find(self, name: str) -> str | None:
        """Return a file's name as it is written here; see `PictureSource`."""
        if (self.path / name).is_file():
            return name
        return None if name.isascii() else self._composed.get(compose(name))

    @contextmanager
    def open(self, name: str) -> Iterator[BinaryIO]:
        """Open a file; see `PictureSource`."""
        with regular_file(self.path / name).open("rb") as stream:
            yield stream

    def names(self, *, max_depth: int | None = None) -> list[PurePosixPath]:
        """Return files but hidden ones; see `PictureSource`."""
        return list_files(self.path, max_depth=max_depth)

    @cached_property
    def _composed(self) -> dict[str, str]:
        return {compose(str(name)): str(name) for name in self.names()}

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
        except Exception as error:  # its directory can be damaged in many ways
            raise UserError(f"not a zip archive that can be read ({error})") from None
        files = sorted(name for name in self._archive.namelist() if not name.endswith("/"))
        self._files = [path for path in map(PurePosixPath, files) if not is_hidden(path)]
        self._known = {compose(name): name for name in files}

    def find(self, name: str) -> str | None:
        """Return a file's name as it is written here; see `PictureSource`."""
        return self._known.get(compose(name))

    @contextmanager
    def open(self, name: str) -> Iterator[BinaryIO]:
        """Open a file; see `PictureSource`."""
        info = self._archive.getinfo(name)
        if info.file_size > MAX_FILE_SIZE:
            raise UserError(f"unpacked it has {info.file_size:,} bytes, as a decompression bomb has")
        if info.file_size <= _SMALL:
            yield io.BytesIO(self._archive.read(info))
            return
        with self._archive.open(info) as stream:
            yield cast(BinaryIO, stream)

    def names(self, *, max_depth: int | None = None) -> list[PurePosixPath]:
        """Return files but hidden ones; see `PictureSource`."""
        return [name for name in self._files if max_depth is None or len(name.parts) <= max_depth]

    def close(self) -> None:
        """Close the archive."""
        self._archive.close()


@contextmanager
def open_source(path: Path | None, captions_file: str | None) -> Iterator[tuple[PictureSource, str]]:
    """Open a folder, a zip archive, or the folder of a captions file, for as long as the block lasts.

    Args:
        path: None for the emoji that ship with the project.
        captions_file: In the folder or archive; None: the only one, or the only one called captions,
            annotations or metadata.

    Yields:
        The source, and the name of the captions file in it.

    Raises:
        UserError: There is no such file, or it isn't clear which one holds the captions.
    """
    if path is not None and file_or_folder(path).is_file() and _holds_captions(path.name):
        yield FolderSource(path.parent), path.name
        return
    with closing(open_folder_or_zip(path)) as source:
        yield source, "captions.csv" if path is None else _find_captions(source, captions_file)


def open_folder_or_zip(path: Path | None) -> PictureSource:
    """Return a folder or a zip archive; None: the emoji that ship with the project.

    Raises:
        UserError: It isn't there, is a device, or no zip archive.
    """
    if path is None:
        with as_file(files("nested_lightning.app.data.shipped") / SHIPPED_EMOJI) as shipped:
            return ZipSource(shipped)
    return FolderSource(path) if file_or_folder(path).is_dir() else ZipSource(path)


def compose(name: str) -> str:
    """Return a name with its accents composed (NFC), whichever system wrote it."""
    return unicodedata.normalize("NFC", name)


def _find_captions(source: PictureSource, captions_file: str | None) -> str:
    if captions_file is not None and (found := source.find(captions_file)):
        return found
    near_the_top = sorted(map(str, source.names(max_depth=2)))
    if captions_file is not None:
        near = did_you_mean(captions_file, near_the_top)
        raise UserError(f"there is no captions file '{captions_file}' in it{near}")
    names = [name for name in near_the_top if _holds_captions(name)]
    called_so = [name for name in names if plain_name(PurePosixPath(name)).stem.lower() in _CAPTION_STEMS]
    for candidates in (names, called_so):
        if len(candidates) == 1:
            return candidates[0]
    there = f"there are {name_list(names)}" if names else "there is none"
    raise UserError(
        f"one captions file is needed, a CSV, JSONL or COCO JSON ({there}); call it captions.csv, or name it "
        "with image_to_text.data.captions_file"
    )


def _holds_captions(name: str) -> bool:
    return plain_name(PurePosixPath(name)).suffix.lower() in _CAPTION_SUFFIXES
