"""Reading pictures with captions whole into memory."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
import torch
from torch import Tensor

from nested_lightning.app.data.bad_samples import BadSamples
from nested_lightning.app.errors import UserError, counted, errors_naming
from nested_lightning.app.foreign_files import foreign_file
from nested_lightning.app.image_to_text.caption_files import CaptionRecord, read_captions
from nested_lightning.app.image_to_text.vocabulary import Unit, split_caption
from nested_lightning.app.pictures.decoding import MAX_FILE_SIZE, Squaring, read_picture, read_size
from nested_lightning.app.pictures.naming import PictureFinder
from nested_lightning.app.pictures.sizes import PictureSizes
from nested_lightning.app.pictures.source import PictureSource, open_source


@dataclass(frozen=True, kw_only=True)
class CaptionedPictures:
    """Pictures, uint8 of [N, 3, S, S], with their captions, and with their sizes in the files."""

    records: tuple[CaptionRecord, ...]
    pictures: Tensor
    sizes: PictureSizes


@dataclass(frozen=True, kw_only=True)
class CaptionLimit:
    """What a caption must be to be used."""

    unit: Unit
    max_length: int

    def check(self, captions: Sequence[str]) -> None:
        """Check each caption of a picture.

        Raises:
            UserError: There is none, one is empty, or one is too long.
        """
        for caption in captions:
            length = len(split_caption(caption, unit=self.unit, is_lowercase=False))
            if length == 0:
                raise UserError("its caption is empty")
            if length > self.max_length:
                raise UserError(
                    f"its caption has {length:,} {self.unit}, more than the limit of "
                    f"{counted(self.max_length, self.unit[:-1])}; see image_to_text.data.max_length"
                )
        if not captions:
            raise UserError("it has no caption")


@dataclass(frozen=True, kw_only=True)
class PictureReader:
    """Reads a folder, zip archive or captions file.

    Args:
        captions_file: In a folder or archive; None: found, as are the pictures and the columns of both.
        picture_folder: Beside the captions file, or at the top.
        skip_bad: Leave out pictures that can't be used, and warn; otherwise the first one is an error.
    """

    captions_file: str | None = None
    picture_folder: str | None = None
    picture_column: str | None = None
    caption_column: str | None = None
    skip_bad: bool = False

    def __call__(self, path: Path | None, *, squaring: Squaring, limit: CaptionLimit) -> CaptionedPictures:
        """Read everything; without a path, the emoji that ship with the project.

        Raises:
            UserError: Something can't be used; the message names the file.
        """
        with ExitStack() as stack:
            with errors_naming(path or "shipped emoji"):
                source, captions_name = stack.enter_context(open_source(path, self.captions_file))
            bad = BadSamples(is_skipped=self.skip_bad)
            with foreign_file(f"{source.label}: {captions_name}"):
                with source.open(captions_name) as stream:
                    content = stream.read(MAX_FILE_SIZE)
                records = read_captions(
                    content,
                    name=captions_name,
                    picture_column=self.picture_column,
                    caption_column=self.caption_column,
                    bad=bad,
                )
            return self._read_pictures(source, captions_name, records, bad, squaring=squaring, limit=limit)

    def _read_pictures(
        self,
        source: PictureSource,
        captions_name: str,
        records: Sequence[CaptionRecord],
        bad: BadSamples,
        *,
        squaring: Squaring,
        limit: CaptionLimit,
    ) -> CaptionedPictures:
        kept, pictures, sizes = [], [], []
        find = PictureFinder(
            source=source,
            beside=PurePosixPath(captions_name).parent,
            folder=self.picture_folder,
            setting="image_to_text.data.picture_folder",
        )
        num_all = len(records) + len(bad.left_out)
        for record in records:
            with errors_naming(source.label), bad.naming(record.picture or "(no name)"):
                limit.check(record.captions)
                if not record.picture:
                    raise UserError("a line of the captions file names no picture")
                with source.open(find(record.picture)) as stream:
                    own_size = read_size(stream)
                    pictures.append(read_picture(stream, squaring))
                sizes.append(own_size)
                kept.append(record)
        with errors_naming(source.label):
            bad.report(num_all)
        return CaptionedPictures(
            records=tuple(kept), pictures=torch.from_numpy(np.stack(pictures)), sizes=PictureSizes(sizes)
        )
