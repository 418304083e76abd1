"""Pictures in sub-folders, in a folder or a zip file, as tensors; and the digits that scikit-learn ships.

Shapes: N pictures, C channels, S pixels to a side.
"""

from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path, PurePath, PurePosixPath

import torch
from torch import Tensor

from nested_lightning.app.errors import UserError
from nested_lightning.app.pictures.decoding import decode_picture
from nested_lightning.app.pictures.source import ZipSource
from nested_lightning.app.wording import errors_naming

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff")
_LUMINANCE = (0.299, 0.587, 0.114)


@dataclass(frozen=True, kw_only=True)
class LabelledPictures:
    """Pictures and the name of the domain of each.

    Attributes:
        pictures: [N, C, S, S], float32, from 0 to 1.
        labels: N names.
    """

    pictures: Tensor
    labels: tuple[str, ...]


def read_digits() -> LabelledPictures:
    """Return the 1,797 handwritten digits of 8×8 pixels that scikit-learn ships, white on black."""
    from sklearn.datasets import load_digits  # half a second, not before it is needed

    digits = load_digits()
    pictures = torch.from_numpy(digits.images).float().div(16).unsqueeze(1)
    return LabelledPictures(pictures=pictures, labels=tuple(str(label) for label in digits.target))


def read_picture_folders(path: Path, *, image_size: int, channels: int | None) -> LabelledPictures:
    """Read pictures from a folder, or a zip file, with one sub-folder for each domain.

    What is above the sub-folders, e.g. one folder around all of them in a zip file, doesn't count; hidden
    files and files that are no pictures are left out.

    Args:
        path: The folder or zip file.
        image_size: S; pictures of another size are scaled, and cut to a square about their middle.
        channels: 1 for grey, 3 for colours; None: 1 if every picture is grey, else 3.

    Raises:
        UserError: It isn't there, is no zip file, holds no pictures in sub-folders, or one is damaged.
    """
    labels, coloured = [], []
    with closing(_labelled_files(path)) as files:
        for name, content in files:
            labels.append(name.parent.name)
            with errors_naming(name):
                coloured.append(_decode(content, image_size=image_size))
    if not coloured:
        raise UserError(
            "there are no pictures in sub-folders; each domain needs a sub-folder of its own with pictures"
            f" ({', '.join(SUFFIXES)})"
        )
    pictures = torch.stack(coloured)
    is_grey = bool((pictures == pictures[:, :1]).all())
    chosen = channels or (1 if is_grey else 3)
    return LabelledPictures(pictures=_with_channels(pictures, chosen), labels=tuple(labels))


def read_pictures(path: Path, *, image_size: int, channels: int) -> tuple[Tensor, list[Path]]:
    """Read one picture, or all that lie in a folder and its sub-folders, in the order of their paths.

    Returns:
        [N, C, S, S], float32, from 0 to 1, and the N paths.

    Raises:
        UserError: There is none, or one is damaged.
    """
    if not path.exists():
        raise UserError(f"{path}: no such file or folder")
    inside = sorted(path.rglob("*")) if path.is_dir() else []
    paths = [p for p in inside if _is_picture(p.relative_to(path)) and p.is_file()] or [path]
    if path.is_dir() and paths == [path]:
        raise UserError(f"{path}: there are no pictures in it ({', '.join(SUFFIXES)})")
    contents = {}
    for file in paths:
        with errors_naming(file):
            contents[str(file)] = file.read_bytes()
    return _decode_named(contents, image_size, channels), paths


def decode_pictures(contents: Sequence[bytes], *, image_size: int, channels: int) -> Tensor:
    """Decode pictures that are given as the bytes of their files, as `read_pictures` does.

    Returns:
        [N, C, S, S], float32, from 0 to 1.

    Raises:
        UserError: There is none, or one is damaged; its place is named.
    """
    if not contents:
        raise UserError("there are no pictures")
    numbered = {f"picture {number}": content for number, content in enumerate(contents, start=1)}
    return _decode_named(numbered, image_size, channels)


def _decode_named(contents: Mapping[str, bytes], image_size: int, channels: int) -> Tensor:
    decoded = []
    for name, content in contents.items():
        with errors_naming(name):
            decoded.append(_decode(content, image_size=image_size))
    return torch.cat([_with_channels(picture.unsqueeze(0), channels) for picture in decoded])


def _decode(content: bytes, *, image_size: int) -> Tensor:
    return torch.from_numpy(decode_picture(content, size=image_size, fit="crop")).float().div(255)


def _with_channels(pictures: Tensor, channels: int) -> Tensor:
    """Return pictures of [N, 3, S, S] with 3 channels, or as grey ones with 1."""
    if channels == 3:
        return pictures
    if (pictures == pictures[:, :1]).all():
        return pictures[:, :1].contiguous()
    return (pictures * torch.tensor(_LUMINANCE).view(1, 3, 1, 1)).sum(dim=1, keepdim=True)


def _labelled_files(path: Path) -> Generator[tuple[PurePosixPath, bytes], None, None]:
    if path.is_dir():
        for file in sorted(path.rglob("*")):
            name = PurePosixPath(file.relative_to(path).as_posix())
            if _is_labelled(name) and file.is_file():
                yield name, file.read_bytes()
        return
    if not path.exists():
        raise UserError(f"no such folder or file (looked in {path.absolute().parent})")
    try:
        source = ZipSource(path)
    except UserError as error:
        raise UserError(
            f"neither a folder nor a zip file: {error}; name one with a sub-folder of pictures for each"
            " domain"
        ) from None
    with closing(source):
        for name in filter(_is_labelled, map(PurePosixPath, source.names)):
            with errors_naming(name):
                content = source.read(str(name))
            yield name, content


def _is_labelled(name: PurePosixPath) -> bool:
    return len(name.parts) > 1 and _is_picture(name)


def _is_picture(name: PurePath) -> bool:
    is_hidden = any(part.startswith((".", "__MACOSX")) for part in name.parts)
    return name.suffix.lower() in SUFFIXES and not is_hidden
