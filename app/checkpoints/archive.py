"""A look at a checkpoint's zip archive before anything in it is read."""

from pathlib import Path
from zipfile import ZIP_STORED, BadZipFile, ZipFile

from nested_lightning.app.errors import UserError


def refuse_bad_archive(file: Path) -> None:
    """Refuse what `torch.save` never writes: no zip archive, or one that unpacks to more than it is.

    torch stores tensors uncompressed. An archive with compressed or overlapping entries could fill the memory
    with a file of a few kilobytes.

    Raises:
        UserError: The file is such an archive, is damaged, or is none at all.
    """
    size = file.stat().st_size
    if size == 0:
        raise UserError(f"checkpoint {file} is empty; take another one")
    try:
        with ZipFile(file) as archive:
            entries = archive.infolist()
    except (BadZipFile, ValueError, NotImplementedError, EOFError, OSError) as error:
        raise UserError(f"checkpoint {file} is damaged or no checkpoint; take another one") from error
    if any(entry.compress_type != ZIP_STORED for entry in entries):
        raise UserError(
            f"checkpoint {file} is refused: its entries are compressed, as no checkpoint's are, and could"
            " unpack to any size; nothing in it was read"
        )
    if sum(entry.file_size for entry in entries) > size:
        raise UserError(
            f"checkpoint {file} is refused: its entries claim more than the file's {size:,} bytes; nothing in"
            " it was read"
        )
