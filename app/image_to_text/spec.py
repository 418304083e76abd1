"""What a model must know of pictures with captions: plain facts that a checkpoint carries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from pydantic import Field, FiniteFloat, PositiveInt

from nested_lightning.app.data.data_spec import DataSpec
from nested_lightning.app.image_to_text.vocabulary import SPECIAL_TOKENS, Unit, Vocabulary
from nested_lightning.app.pictures.decoding import Fit, Interpolation, Squaring
from nested_lightning.app.submodules.pretrained.tokenization import PretrainedTokenizer

Colours = Annotated[tuple[FiniteFloat, ...], Field(min_length=3, max_length=3)]


@dataclass(frozen=True, kw_only=True)
class ImageToTextDataSpec(DataSpec):
    """Everything that turns a picture into a tensor, and tokens into a caption.

    Attributes:
        picture_size: Width and height of the pictures.
        fit: How a picture becomes square.
        interpolation: How its pixels are made.
        crop_fraction: See `Squaring`.
        mean: Mean of each colour in the training part, of values from 0 to 1.
        scale: Population standard deviation of each colour; 1 where it is constant.
        tokens: Token by index, the special ones first.
        unit: What tokens are, where there is no tokenizer.
        is_lowercase: Whether captions are in small letters.
        max_length: Tokens of the longest caption in the training part, the end token included; none that is
            generated is longer.
        tokenizer: That of a pretrained text decoder, whose tokens they are; None: they are the data's own.
    """

    family: ClassVar[str] = "image-to-text"

    picture_size: PositiveInt
    fit: Fit
    mean: Colours
    scale: Colours
    tokens: Annotated[tuple[str, ...], Field(min_length=len(SPECIAL_TOKENS) + 1)]
    unit: Unit
    is_lowercase: bool
    max_length: PositiveInt
    interpolation: Interpolation = "lanczos"
    crop_fraction: Annotated[FiniteFloat, Field(gt=0, le=1)] = 1.0
    tokenizer: PretrainedTokenizer | None = None

    @property
    def wired(self) -> dict[str, Any]:
        """Further keywords of a text decoder whose tokenizer it is, besides ``out_features``."""
        if self.tokenizer is None:
            return {}
        own = self.tokenizer
        named = (own.pad, own.begin, own.end, own.unknown, *self.tokens[len(SPECIAL_TOKENS) :])
        return {"token_ids": own.ids(named), "max_length": self.max_length}

    @property
    def squaring(self) -> Squaring:
        """How a picture becomes square."""
        return Squaring(
            size=self.picture_size,
            fit=self.fit,
            interpolation=self.interpolation,
            crop_fraction=self.crop_fraction,
        )

    @property
    def vocabulary(self) -> Vocabulary:
        """The tokens with their indices."""
        return Vocabulary(
            tokens=self.tokens, unit=self.unit, is_lowercase=self.is_lowercase, tokenizer=self.tokenizer
        )
