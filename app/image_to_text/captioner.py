"""Captions of pictures with the preparation of a training, by torch or an exported model."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from PIL import Image
from pydantic import SkipValidation

from nested_lightning.app.arguments import checked_arguments
from nested_lightning.app.data.bad_samples import BadSamples
from nested_lightning.app.errors import UserError
from nested_lightning.app.image_to_text.spec import ImageToTextDataSpec
from nested_lightning.app.pictures.decoding import decode_pictures, read_picture_file, square_picture
from nested_lightning.app.pictures.listing import find_pictures

if TYPE_CHECKING:
    from nested_lightning.app.image_to_text.generation.search import Generation

Pictures = npt.NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True)
class Caption:
    """What a model says of a picture.

    Attributes:
        text: The caption.
        log_probability: Its natural logarithm of the probability under the model, at most 0.
        alternatives: What else the search found, itself among them, the best first; empty: it kept no more.
    """

    text: str
    log_probability: float
    alternatives: tuple[Caption, ...] = ()


@dataclass(frozen=True, kw_only=True)
class PictureCaption(Caption):
    """What a model says of a picture file."""

    picture: str


class Captioner(ABC):
    """Writes captions in batches, with the preparation that a model was trained with."""

    data_spec: ImageToTextDataSpec
    batch_size: int

    @property
    @abstractmethod
    def generation(self) -> Any:
        """How captions are written unless it is said."""

    @abstractmethod
    def generation_for(
        self,
        *,
        beam: int | None = None,
        top_p: float | None = None,
        length_penalty: float = 0.0,
        temperature: float = 1.0,
        seed: int = 0,
    ) -> Generation | None:
        """Return how captions are written by `settings.image_to_text.CaptionOptions`; None: as in training.

        A beam search gives all of its beams.
        """

    @abstractmethod
    def _write(self, pictures: Any, generation: Generation | None) -> list[Caption]:
        """Write a caption for each picture of a batch."""

    @checked_arguments
    def predict_paths(
        self,
        paths: str | Path | Sequence[str | Path],
        *,
        generation: SkipValidation[Any] = None,
        skip_bad: bool = False,
    ) -> list[PictureCaption]:
        """Write captions for picture files, and for all those in folders.

        Args:
            paths: Files and folders, which are searched with all that is in them; or a single one.
            generation: How; None: as the model was set in training.
            skip_bad: Leave out files that can't be read, and warn; otherwise the first one is an error.

        Raises:
            UserError: A file can't be read, or a folder holds no picture.
        """
        files = find_pictures([paths] if isinstance(paths, str | Path) else paths)
        bad = BadSamples(is_skipped=skip_bad)
        names, pictures = [], []
        for file in files:
            with bad.naming(str(file)):
                pictures.append(read_picture_file(file, self.data_spec.squaring))
                names.append(str(file))
        bad.report(len(files))
        if not pictures:
            return []
        captions = self.predict(np.stack(pictures), generation=generation)
        return [
            PictureCaption(picture=name, **vars(caption))
            for name, caption in zip(names, captions, strict=True)
        ]

    @checked_arguments
    def predict_bytes(
        self, contents: Sequence[bytes], *, generation: SkipValidation[Any] = None
    ) -> list[Caption]:
        """Write captions for pictures that are given as the bytes of their files.

        Raises:
            UserError: One of them is no picture; its place is named.
        """
        return self.predict(self.decode(contents), generation=generation) if contents else []

    @checked_arguments
    def decode(self, contents: Sequence[bytes]) -> Pictures:
        """Return pictures that are given as the bytes of their files as `predict` takes them.

        Raises:
            UserError: One of them is no picture, its place is named; or there is none.
        """
        return decode_pictures(contents, self.data_spec.squaring)

    @checked_arguments
    def predict(
        self, pictures: SkipValidation[Any], *, generation: SkipValidation[Any] = None
    ) -> list[Caption]:
        """Write captions for pictures.

        Args:
            pictures: One of Pillow's or several, of any size; or a tensor or an array of numpy, uint8 of
                [N, 3, S, S], decoded as `decode_picture` does.
            generation: How; None: as the model was set in training.

        Raises:
            UserError: They are something else, or the model's answers aren't finite.
        """
        size, pictures = self.data_spec.picture_size, self._squared(pictures)
        dtype = str(pictures.dtype).removeprefix("torch.")
        if dtype != "uint8" or tuple(pictures.shape[1:]) != (3, size, size):
            given = f"{list(pictures.shape)} of {dtype}"
            raise UserError(f"pictures must be [N, 3, {size}, {size}] of uint8; given were {given}")
        captions: list[Caption] = []
        for start in range(0, len(pictures), self.batch_size):
            captions += self._write(pictures[start : start + self.batch_size], generation)
        return captions

    def _squared(self, pictures: Any) -> Any:
        if hasattr(pictures, "dtype"):
            return pictures
        spec = self.data_spec
        several = [pictures] if isinstance(pictures, Image.Image) else pictures
        is_several = isinstance(several, Sequence) and len(several) > 0
        if not is_several or not all(isinstance(one, Image.Image) for one in several):
            shape = f"[N, 3, {spec.picture_size}, {spec.picture_size}]"
            given = type(pictures).__name__
            raise UserError(f"pictures are Pillow's, or uint8 of {shape}; given was {given}")
        return np.stack([square_picture(one, spec.squaring) for one in several])
