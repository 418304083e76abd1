"""Files without a name that are read through memory maps."""

import mmap
import tempfile
import warnings
from pathlib import Path
from typing import Any, BinaryIO
from weakref import WeakSet

from nested_lightning.app.errors import UserError

_BUFFER_SIZE = 1 << 20


class MappedFiles:
    """Temporary files, each of which takes room on the disk as long as something refers to its map.

    They have no names in their folder, the system's for temporary files without another, so that nothing is
    left behind, however the process ends.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or Path(tempfile.gettempdir())
        self._maps: WeakSet[mmap.mmap] = WeakSet()

    def create(self) -> BinaryIO:
        """Return an empty file, to be written and then given to `map`.

        Raises:
            UserError: There is no such folder, or nothing can be written there.
        """
        try:
            return tempfile.TemporaryFile(dir=self.folder, buffering=_BUFFER_SIZE)  # type: ignore[return-value]
        except OSError as error:
            raise UserError(
                f"no file can be made in {self.folder} ({error.strerror}); name another folder by"
                " multi_feature.data.storage.folder"
            ) from error

    def map(self, file: BinaryIO) -> mmap.mmap:
        """Close a file, in which something was written, and return it as memory.

        Whoever writes to that memory changes a copy of their own.
        """
        with file:
            file.flush()
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
        self._maps.add(mapped)
        return mapped

    def release(self) -> None:
        """Give back the memory that reading took; what is read again comes from the files again."""
        if hasattr(mmap, "MADV_DONTNEED"):  # not on Windows, which drops such pages by itself
            for mapped in list(self._maps):
                mapped.madvise(mmap.MADV_DONTNEED)

    def close(self) -> None:
        """Close the files; one whose rows something still refers to goes with these, and is warned of."""
        for mapped in list(self._maps):
            try:
                mapped.close()
                self._maps.discard(mapped)
            except BufferError:
                text = f"a file in {self.folder} stays open: something still refers to rows in it"
                warnings.warn(text, ResourceWarning, stacklevel=2)

    def __reduce__(self) -> Any:
        """Go to another process without the maps: what lies in them goes by itself, as plain memory."""
        return MappedFiles, (self.folder,)
