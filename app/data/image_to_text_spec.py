"""What a model must know of pictures with captions: plain facts that a checkpoint carries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from pydantic import ConfigDict, Field, FiniteFloat, PositiveInt, TypeAdapter, ValidationError

from app.data.picture_decoding import Fit
from app.data.vocabulary import SPECIAL_TOKENS, Unit, Vocabulary
from app.errors import UserError


@dataclass(frozen=True, kw_only=True)
class ImageToTextDataSpec:
    """Everything that turns a picture into a tensor, and tokens into a caption.

    Attributes:
        picture_size: Width and height of the pictures.
        fit: How a picture becomes square.
        mean: Mean of each colour in the training part, of values from 0 to 1.
        scale: Population standard deviation of each colour; 1 where it is constant.
        tokens: Token by index, the special ones first.
        unit: What tokens are.
        is_lowercase: Whether captions are in small letters.
        max_length: Tokens of the longest caption in the training part, the end token included; none that is
            generated is longer.
        fingerprint: Hash of the data, by which a training that goes on knows them again; None: not known.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    picture_size: PositiveInt
    fit: Fit
    mean: tuple[FiniteFloat, FiniteFloat, FiniteFloat]
    scale: tuple[FiniteFloat, FiniteFloat, FiniteFloat]
    tokens: Annotated[tuple[str, ...], Field(min_length=len(SPECIAL_TOKENS) + 1)]
    unit: Unit
    is_lowercase: bool
    max_length: PositiveInt
    fingerprint: str | None = None

    @property
    def vocabulary(self) -> Vocabulary:
        """The tokens with their indices."""
        return Vocabulary(tokens=self.tokens, unit=self.unit, is_lowercase=self.is_lowercase)

    def to_dict(self) -> dict[str, Any]:
        """Return dicts, lists, str, float, int, bool and None only, for a ``weights_only`` checkpoint."""
        plain: dict[str, Any] = _ADAPTER.dump_python(self, mode="json")
        return plain

    @staticmethod
    def from_dict(data: Mapping[str, Any]) -> ImageToTextDataSpec:
        """Return the spec that ``to_dict`` wrote.

        Raises:
            UserError: ``data`` is not such a dict; the message names each wrong field.
        """
        try:
            return _ADAPTER.validate_python(data)
        except ValidationError as error:
            faults = (f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
            raise UserError(
                f"This is no data spec of the image-to-text family: {'; '.join(faults)}"
            ) from None


_ADAPTER = TypeAdapter(ImageToTextDataSpec)
