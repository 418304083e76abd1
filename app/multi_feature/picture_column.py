"""Columns of a table that name pictures, which are read when they are asked for.

Shapes: N rows, C channels, S pixels to a side.
"""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from functools import cached_property
from itertools import islice
from pathlib import PurePosixPath
from typing import BinaryIO, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import compute

from nested_lightning.app.errors import UserError
from nested_lightning.app.foreign_files import foreign_file
from nested_lightning.app.multi_feature.own_columns import OwnColumn
from nested_lightning.app.multi_feature.own_group_specs import PictureGroupSpec
from nested_lightning.app.pictures.colours import (
    Pictures,
    count_values,
    is_grey,
    statistics_of,
    with_channels,
)
from nested_lightning.app.pictures.decoding import Fit, Squaring, read_picture, read_size
from nested_lightning.app.pictures.listing import is_picture
from nested_lightning.app.pictures.naming import PictureFinder
from nested_lightning.app.pictures.preparation import PicturePreparation, squaring_of
from nested_lightning.app.pictures.sizes import PictureSizes
from nested_lightning.app.pictures.source import PictureSource
from nested_lightning.app.tables.column_values import is_missing, is_text, plain_column, text_values

T = TypeVar("T")
Picture = npt.NDArray[np.uint8]

_NUM_TRIED = 20
"""Names of which one has to be a picture's that is there, for a column to be one of pictures."""

_ADVICE = (
    "put the picture there, correct its name, leave the row out, or name the column in"
    " multi_feature.data.excluded"
)

_BLOCK_PICTURES = 1024
"""Pictures that are decoded at once."""


@dataclass(frozen=True, eq=False, kw_only=True)
class TablePictures:
    """Reads the pictures that a table names.

    Attributes:
        table: The whole table, for the row of a picture that can't be read.
        source: The folder or archive where it lies.
        folder: Where the pictures lie, see `PictureFinder`.
        size: S where a model isn't trained yet; None: as the extractor wants it, else as
            `PictureSizes.followed` says of the training part.
        fit: How pictures become square, there too; None: as the extractor wants it, else ``pad``.
        sizes: Where the sizes in files are noted that were looked at, by column.
        is_keeping: Whether what was decoded is kept for as long as this lives.
    """

    table: pa.Table
    source: PictureSource
    folder: str | None = None
    size: int | None = None
    fit: Fit | None = None
    sizes: dict[str, PictureSizes] = field(default_factory=dict)
    is_keeping: bool = True
    _kept: dict[tuple[str, str], Picture] = field(default_factory=dict, init=False)

    def are_named_in(self, column: str) -> bool:
        """Return whether a column names pictures: each value looks like it, and one of the first is there."""
        if not is_text(plain_column(self.table.column(column)).type):
            return False
        names = compute.unique(text_values(self.table.column(column)).drop_null()).to_pylist()
        return all(is_picture(PurePosixPath(name)) for name in names) and any(
            self._is_there(name) for name in islice(names, _NUM_TRIED)
        )

    def size_of(self, column: str, name: str) -> tuple[int, int]:
        """Return width and height of a picture, of which only the head is read.

        Raises:
            UserError: It isn't there, or is none; names row and column.
        """
        return self._read(column, name, read_size)

    def decode(self, column: str, name: str, squaring: Squaring) -> Picture:
        """Return a picture of [3, S, S].

        Raises:
            UserError: It isn't there, or can't be decoded; names row and column.
        """
        if (kept := self._kept.get((column, name))) is not None:
            return kept
        decoded = self._read(column, name, lambda stream: read_picture(stream, squaring))
        if self.is_keeping:
            self._kept[column, name] = decoded
        return decoded

    @cached_property
    def _find(self) -> PictureFinder:
        setting = "multi_feature.data.picture_folder"
        return PictureFinder(source=self.source, beside=PurePosixPath(), folder=self.folder, setting=setting)

    def _is_there(self, name: str) -> bool:
        try:
            self._find(name)
        except UserError:
            return False
        return True

    def _read(self, column: str, name: str, read: Callable[[BinaryIO], T]) -> T:
        try:
            with foreign_file(name), self.source.open(self._find(name)) as stream:
                return read(stream)
        except UserError as error:
            row = compute.index(text_values(self.table.column(column)), name).as_py() + 1
            raise UserError(f"row {row:,}, column '{column}': {error}; {_ADVICE}") from None


@dataclass(frozen=True, eq=False)
class PictureColumn(OwnColumn):
    """Names of pictures, text of [N], and how a pretrained extractor wants these, if it is one."""

    pictures: TablePictures
    preparation: PicturePreparation | None = None

    def fit(self) -> PictureGroupSpec:
        """Return size, channels and their statistics, or what the extractor wants; no name is missing.

        Pictures are grey if all of these are, else coloured.

        Raises:
            UserError: A picture can't be read; names row and column.
        """
        wanted = self.preparation
        squaring = squaring_of(
            wanted,
            size=self.pictures.size,
            fit=self.pictures.fit,
            default_size=0 if wanted or self.pictures.size else self._sizes().followed(),
        )
        mean, scale = (wanted.mean, wanted.scale) if wanted else self._statistics(squaring)
        return PictureGroupSpec(
            name=self.name,
            column=self.name,
            mean=mean,
            scale=scale,
            **asdict(squaring),
        )

    def _statistics(self, squaring: Squaring) -> tuple[tuple[float, ...], tuple[float, ...]]:
        counts, grey = np.zeros((3, 256), dtype=np.int64), True
        for block in self._blocks(squaring):
            counts += count_values(block)
            grey = grey and is_grey(block)
        return statistics_of(counts[:1] if grey else counts)

    def encode(self, spec: PictureGroupSpec) -> Picture:
        """Return uint8 of [N, C, S, S]; where a picture is missing, all of its pixels are the mean.

        Colours become shades of grey where the training part had no others, and grey pictures three equal
        channels where it had colours.

        Raises:
            UserError: A picture can't be read; names row and column.
        """
        encoded = np.empty((len(self), *spec.layout.shape), dtype=np.uint8)
        is_lacking = is_missing(self.values)
        encoded[is_lacking] = np.round(255 * np.array(spec.mean)).reshape(1, -1, 1, 1)
        there, start = np.flatnonzero(~is_lacking), 0
        for block in self.drop_null()._blocks(spec.squaring):
            encoded[there[start : start + len(block)]] = with_channels(block, spec.width)
            start += len(block)
        return encoded

    def _sizes(self) -> PictureSizes:
        """Return the sizes of the pictures in their files, and note them."""
        sizes = PictureSizes([self.pictures.size_of(self.name, name) for name in self.values.to_pylist()])
        self.pictures.sizes[self.name] = sizes
        return sizes

    def _blocks(self, squaring: Squaring) -> Iterator[Pictures]:
        """Yield the pictures, some at a time, uint8 of [n, 3, S, S]."""
        for start in range(0, len(self), _BLOCK_PICTURES):
            names = self.values[start : start + _BLOCK_PICTURES].to_pylist()
            decoded = [self.pictures.decode(self.name, name, squaring) for name in names]
            yield np.stack(decoded)
