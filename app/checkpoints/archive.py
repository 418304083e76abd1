"""A look at a checkpoint's zip archive before anything in it is believed."""

from pathlib import Path
from zipfile import ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from nested_lightning.app.checkpoints.pickled import refuse_growing_pickle
from nested_lightning.app.errors import UserError

_PIECE = 1 << 20


def refuse_bad_archive(file: Path) -> None:
    """Refuse what `torch.save` never writes, and what is no longer what it wrote.

    torch stores tensors uncompressed. An archive with compressed or overlapping entries could fill the memory
    with a file of a few kilobytes. torch writes a checksum for each entry and never looks at it.

    Raises:
        UserError: The file is such an archive, or empty.
        BadZipFile: It is no archive, or a checksum isn't that of its entry.
    """
    size = file.stat().st_size
    if size == 0:
        raise UserError("it is empty; take another one")
    with ZipFile(file) as archive:
        entries = refuse_bad_entries(archive, size)
        for entry in entries:
            _verify_checksum(archive, entry)
        folder = entries[0].filename.split("/")[0]
        sizes = {each.filename.removeprefix(f"{folder}/"): each.file_size for each in entries}
        refuse_growing_pickle(archive.read(f"{folder}/data.pkl"), sizes)


def refuse_bad_entries(archive: ZipFile, size: int) -> list[ZipInfo]:
    """Return the entries of an archive of so many bytes, none of which unpacks to more than is there.

    Raises:
        UserError: One does, or two have the same name.
        BadZipFile: There are none.
    """
    entries = archive.infolist()
    if not entries:
        raise BadZipFile("an archive without entries")
    if any(entry.compress_type != ZIP_STORED for entry in entries):
        raise UserError(
            "it is refused: its entries are compressed, as torch never writes them, and could unpack to any"
            " size; nothing in it was read"
        )
    if sum(entry.file_size for entry in entries) > size:
        raise UserError(
            f"it is refused: its entries claim more than the file's {size:,} bytes; nothing in it was read"
        )
    if len({entry.filename.lower() for entry in entries}) != len(entries):  # torch ignores the case
        raise UserError("it is refused: two of its entries have the same name; nothing in it was read")
    return entries


def _verify_checksum(archive: ZipFile, entry: ZipInfo) -> None:
    with archive.open(entry) as content:  # which compares it at the end
        while content.read(_PIECE):
            pass
