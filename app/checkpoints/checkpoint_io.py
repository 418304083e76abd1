"""Checkpoints on the local disk: written whole or not at all, opened without running code."""

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import torch
from lightning_fabric.plugins.io.torch_io import TorchCheckpointIO
from typing_extensions import override

from nested_lightning.app.checkpoints.archive import refuse_bad_archive
from nested_lightning.app.checkpoints.migrations import migrate
from nested_lightning.app.checkpoints.storable import to_storable
from nested_lightning.app.errors import UserError
from nested_lightning.app.foreign_files import foreign_file, regular_file

LEFT_OUT = "left_out"
"""Where it stands in a checkpoint which tensors it leaves out."""

_INSTRUCTIONS = ("_instantiator", "_class_path")
_GO_ON = "go on from the checkpoints that were written before, which are whole"
_DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class AtomicCheckpointIO(TorchCheckpointIO):
    """Lightning's way to its checkpoint files, for files on the local disk alone.

    A kill or a full disk at any moment of a save leaves the checkpoint that lay there before, whole.
    """

    @override
    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: str | os.PathLike[str], storage_options: Any | None = None
    ) -> None:
        """Write a checkpoint in the place of ``path``.

        Raises:
            TypeError: ``storage_options`` were given.
            UserError: ``path`` is an address, the disk is full, or something in the checkpoint is neither a
                tensor nor of a plain meaning.
            OSError: The file can't be written for another reason.
        """
        if storage_options is not None:
            raise TypeError("storage_options are for remote files; checkpoints are written to the local disk")
        target, content = local_path(path), to_storable(checkpoint)
        target.parent.mkdir(parents=True, exist_ok=True)
        full = disk_full_as_user_error(target.parent, what=f"checkpoint {target}")
        with full, replace_atomically(target) as file, _checksums():
            torch.save(content, file)

    @override
    def load_checkpoint(
        self, path: str | os.PathLike[str], map_location: Any = "cpu", weights_only: bool | None = True
    ) -> dict[str, Any]:
        """Read a checkpoint, always with ``weights_only=True``.

        Raises:
            ValueError: ``weights_only`` is False, which would let the file run code.
            UserError: See `read_checkpoint`.
        """
        if weights_only is False:
            raise ValueError("checkpoints are opened with weights_only=True and nothing else")
        return read_checkpoint(path, map_location=map_location)

    @override
    def remove_checkpoint(self, path: str | os.PathLike[str]) -> None:
        """Remove one file, or a link; never a folder, which Lightning would empty.

        Raises:
            UserError: ``path`` is an address.
            OSError: It is a folder, or can't be removed.
        """
        local_path(path).unlink(missing_ok=True)


def read_checkpoint(
    path: str | os.PathLike[str], *, map_location: Any = "cpu", is_completed: bool = True
) -> dict[str, Any]:
    """Read a checkpoint of tensors and plain values; nothing in it is executed.

    Args:
        path: A file on the local disk.
        map_location: Where its tensors go, as `torch.load` takes it.
        is_completed: Whether tensors that it leaves out are read from the files that have them.

    Raises:
        UserError: ``path`` is an address or no file, the file is no whole checkpoint of plain values, or what
            it leaves out can't be read.
    """
    file = local_path(path)
    if not file.exists():
        raise UserError(f"checkpoint {file}: no such file")
    regular_file(file)
    with foreign_file(f"checkpoint {file}"):
        refuse_bad_archive(file)
        checkpoint = torch.load(file, map_location=map_location, weights_only=True)
        if not isinstance(checkpoint, dict):
            raise UserError(f"it holds a {type(checkpoint).__name__}, not a checkpoint's dictionary")
        _refuse_instructions(checkpoint)
        migrate(checkpoint)
        if is_completed and LEFT_OUT in checkpoint:
            from nested_lightning.app.checkpoints.left_out import complete  # it imports this module

            complete(checkpoint)
    return checkpoint


def _refuse_instructions(checkpoint: dict[str, Any]) -> None:
    """Refuse keys by which Lightning lets a file name what is to be imported and called (CVE-2026-58659)."""
    for place in (checkpoint, *checkpoint.values()):
        named = [key for key in _INSTRUCTIONS if isinstance(place, dict) and key in place]
        if named:
            raise UserError(f"it is refused: it names code to run ({named[0]}); nothing of it was run")


@contextmanager
def _checksums() -> Iterator[None]:
    """Have torch write checksums within the block, as reading asks for them, whatever a host has chosen."""
    before = torch.serialization.get_crc32_options()
    torch.serialization.set_crc32_options(True)
    try:
        yield
    finally:
        torch.serialization.set_crc32_options(before)


@contextmanager
def disk_full_as_user_error(folder: Path, *, what: str = "", then: str = _GO_ON) -> Iterator[None]:
    """Raise a `UserError` that says so where a write within the block, below ``folder``, finds no space.

    It names ``what`` is written, else the file that the error names, and what to do ``then``.
    """
    try:
        yield
    except (OSError, RuntimeError) as error:
        if not is_disk_full(error):
            raise
        named = error.filename if isinstance(error, OSError) else None
        raise UserError(_disk_full(what or f"{named or folder}", folder, then)) from error


@contextmanager
def room_for_temporary_files() -> Iterator[Path]:
    """Make a temporary folder within the block; if its disk is full, a `UserError` says so."""
    with (
        tempfile.TemporaryDirectory() as name,
        disk_full_as_user_error(Path(name), what=name, then="try again"),
    ):
        yield Path(name)


@contextmanager
def replace_atomically(target: Path) -> Iterator[IO[bytes]]:
    """Open a temporary file beside ``target`` that takes its place, durably, when the block ends well.

    After an exception the temporary file is removed and ``target`` is as it was. After a kill the next write
    to ``target`` removes the leftover. A target has one writer at a time.
    """
    temporary = temporary_of(target)
    temporary.unlink(missing_ok=True)  # it may be a link, which would be written through
    try:
        with temporary.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(target.parent)


def write_atomically(target: Path, content: bytes) -> None:
    """Write a file that takes the place of ``target``, see `replace_atomically`."""
    with replace_atomically(target) as file:
        file.write(content)


def temporary_of(target: Path) -> Path:
    """Return where `replace_atomically` writes what will take the place of ``target``."""
    return target.with_name(f".{target.name}.tmp")


def local_path(path: str | os.PathLike[str]) -> Path:
    """Return ``path`` as a `Path`.

    Raises:
        UserError: It is an address (``https://…``, ``s3://…``).
    """
    if "://" in os.fspath(path):
        raise UserError(
            f"checkpoint {path} is an address: only files on the local disk are opened; copy it first"
        )
    return Path(path)


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":  # elsewhere a folder can't be opened
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def is_disk_full(error: BaseException) -> bool:
    """Return whether an error is that the disk or a quota is full; torch wraps it in one of its own."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, OSError):
        cause = cause.__cause__ or cause.__context__
    return cause is not None and cause.errno in _DISK_FULL


def _disk_full(what: str, folder: Path, then: str) -> str:
    free_mib = shutil.disk_usage(folder).free / 2**20
    reason = f"the disk or the quota is full ({free_mib:,.1f} MiB free)"
    remedy = "free space"
    if _has_no_inodes(folder):
        reason, remedy = "the disk takes no more files, however small (no inode is free)", "remove files"
    return f"{what} can't be written: {reason}; {remedy}, and {then}"


def _has_no_inodes(folder: Path) -> bool:
    if os.name != "posix":
        return False
    found = os.statvfs(folder)
    return found.f_files > 0 and found.f_favail == 0  # some file systems report none
