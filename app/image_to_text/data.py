"""The data of the image-to-text family: pictures with captions."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any, Unpack

import numpy as np
import pyarrow as pa
import torch
from typing_extensions import override

from nested_lightning.app.data.fingerprint import fingerprint
from nested_lightning.app.data.split_data import Loading, SplitDataModule
from nested_lightning.app.data.splits import PartName, Splitter, note_given_parts
from nested_lightning.app.data.stratified import Rows
from nested_lightning.app.errors import UserError, errors_naming
from nested_lightning.app.image_to_text.batch import CaptionBatch
from nested_lightning.app.image_to_text.caption_files import CaptionRecord
from nested_lightning.app.image_to_text.captioned_pictures import (
    CaptionedPictures,
    CaptionLimit,
    PictureReader,
)
from nested_lightning.app.image_to_text.spec import ImageToTextDataSpec
from nested_lightning.app.image_to_text.splits import DrawnPictureSplitter
from nested_lightning.app.image_to_text.vocabulary import SPECIAL_TOKENS, Unit, count_tokens, split_caption
from nested_lightning.app.pictures.colours import count_values, statistics_of
from nested_lightning.app.pictures.decoding import Fit
from nested_lightning.app.pictures.preparation import PicturePreparation, squaring_of
from nested_lightning.app.pictures.sizes import PictureSizes
from nested_lightning.app.submodules.pretrained.tokenization import PretrainedTokenizer

SHIPPED_EMOJI = "shipped emoji"
DEFAULT_SIZE = 32
"""Pixels to a side of pictures where neither a setting nor the encoder says it."""


class ImageToTextDataModule(SplitDataModule[ImageToTextDataSpec, CaptionBatch]):
    """Decodes pictures once, splits them, and keeps them in memory as bytes.

    Args:
        path: A folder, zip archive or captions file; None for the emoji that ship with the project.
        picture_size: Width and height of the pictures; None: as ``preparation`` says, else `DEFAULT_SIZE`.
        fit: How they become square; None: as ``preparation`` says, else ``pad``.
        preparation: How the encoder wants the pictures; None: it is of no account.
        tokenizer: Gives that of the text decoder, whose tokens are then the vocabulary; None: it has none.
        unit: What captions are made of.
        is_lowercase: Whether captions are read in small letters.
        min_count: Times that a token must occur in the training part.
        max_length: Most words or characters of a caption.
        **loading: See `SplitDataModule`.
    """

    samples = "pictures"

    def __init__(
        self,
        *,
        path: Path | None,
        reader: PictureReader,
        picture_size: int | None = None,
        fit: Fit | None = None,
        preparation: PicturePreparation | None = None,
        tokenizer: Callable[[], PretrainedTokenizer | None] = lambda: None,
        unit: Unit = "words",
        is_lowercase: bool = True,
        min_count: int = 1,
        max_length: int = 256,
        splitter: Splitter,
        **loading: Unpack[Loading],
    ) -> None:
        super().__init__(**loading)
        known = self._given_spec
        self._path = path
        self._reader = reader
        wanted = squaring_of(preparation, size=picture_size, fit=fit, default_size=DEFAULT_SIZE)
        self._squaring = known.squaring if known else wanted
        self._preparation = preparation
        self._tokenizer = tokenizer
        self._unit: Unit = known.unit if known else unit
        self._is_lowercase = known.is_lowercase if known else is_lowercase
        self._min_count = min_count
        self._max_length = max_length
        self._splitter = splitter
        self._names: dict[PartName, tuple[str, ...]] = {}
        self._sizes = PictureSizes([])

    @cached_property
    def fingerprint(self) -> str:
        """Hash of all parts as they are split and encoded, see `app.data.fingerprint`."""
        return fingerprint(self._parts[1])

    def names(self, name: PartName) -> tuple[str, ...]:
        """Return the names of the pictures of one part, in the order of `part`."""
        self.setup()
        return self._names[name]

    @override
    def _facts(self) -> Mapping[str, Any]:
        self.setup()
        spec = self.data_spec
        return {
            "file": str(self._path or SHIPPED_EMOJI),
            "pictures": [3, spec.picture_size, spec.picture_size],
            "in files": str(self._sizes),
            "captions": {
                "tokens" if spec.tokenizer else spec.unit: len(spec.tokens),
                "longest": spec.max_length,
            },
        }

    @override
    def _guesses(self) -> Sequence[str]:
        return self._sizes.losses(self.data_spec.picture_size, setting="image_to_text.data.picture_size")

    @override
    def _read_parts(self) -> tuple[ImageToTextDataSpec, dict[PartName, CaptionBatch]]:
        limit = CaptionLimit(unit=self._unit, max_length=self._max_length)
        read = self._reader(self._path, squaring=self._squaring, limit=limit)
        with errors_naming(self._path or SHIPPED_EMOJI):
            if self._given_spec is None and isinstance(self._splitter, DrawnPictureSplitter):
                note_given_parts(_words_of_parts(read.records), setting="image_to_text.data.split")
            split = self._splitter(np.zeros(len(read.records), dtype=np.int64), _fields_of(read.records))
            spec = self._given_spec or self._fit_spec(read, split.train)
        self._sizes = read.sizes
        self._names = {
            name: tuple(read.records[row].picture for row in rows) for name, rows in split.parts.items()
        }
        return spec, {name: _encode(read, rows, spec) for name, rows in split.parts.items()}

    def _fit_spec(self, read: CaptionedPictures, train: Rows) -> ImageToTextDataSpec:
        """Return the facts of the training part, and of no other."""
        tokenizer = self._tokenizer()
        captions = [
            split_caption(caption, unit=self._unit, is_lowercase=self._is_lowercase, tokenizer=tokenizer)
            for row in train
            for caption in read.records[row].captions
        ]
        if tokenizer is not None:
            tokens = (*SPECIAL_TOKENS, *tokenizer.words)
        else:
            tokens = count_tokens(captions, min_count=self._min_count)
        if not captions or len(tokens) == len(count_tokens([], min_count=1)):
            raise UserError(
                "the training part has no token often enough; see image_to_text.data.min_count and .split"
            )
        if self._preparation is not None:
            mean, scale = self._preparation.mean, self._preparation.scale
        else:
            mean, scale = statistics_of(count_values(read.pictures[torch.from_numpy(train)].numpy()))
        return ImageToTextDataSpec(
            picture_size=self._squaring.size,
            fit=self._squaring.fit,
            interpolation=self._squaring.interpolation,
            crop_fraction=self._squaring.crop_fraction,
            mean=mean,
            scale=scale,
            tokens=tokens,
            unit=self._unit,
            is_lowercase=self._is_lowercase,
            max_length=max(map(len, captions)) + 1,
            tokenizer=tokenizer,
        )


def _fields_of(records: Sequence[CaptionRecord]) -> pa.Table:
    """Return the other columns of a captions file, with a row for each picture."""
    names = dict.fromkeys(name for record in records for name in record.fields)
    return pa.table({name: [record.fields.get(name, "") for record in records] for name in names})


def _words_of_parts(records: Sequence[CaptionRecord]) -> set[str]:
    """Return where a file may say which part a picture belongs to: its folders, and a column ``split``."""
    folders = {folder for record in records for folder in PurePosixPath(record.picture).parts[:-1]}
    return folders | {record.fields.get("split", "") for record in records}


def _encode(read: CaptionedPictures, rows: Rows, spec: ImageToTextDataSpec) -> CaptionBatch:
    captions = [read.records[row].captions for row in rows]
    vocabulary = spec.vocabulary
    return CaptionBatch(
        pictures=read.pictures[torch.from_numpy(rows)],
        text=vocabulary.encode_all(captions),
        captions=tuple(tuple(map(vocabulary.normalize, several)) for several in captions),
    )
