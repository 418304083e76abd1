"""From captions to tokens and back."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from nested_lightning.app.submodules.pretrained.tokenization import PretrainedTokenizer

if TYPE_CHECKING:
    from torch import Tensor

Unit = Literal["words", "characters"]

PAD, BEGIN, END, UNKNOWN = range(4)
SPECIAL_TOKENS = ("<pad>", "<begin>", "<end>", "<unknown>")
"""Names of the special tokens, by index."""

_WORD = re.compile(r"\w+(?:['\u2019\-]\w+)*|[^\w\s]")


def split_caption(
    caption: str, *, unit: Unit, is_lowercase: bool, tokenizer: PretrainedTokenizer | None = None
) -> list[str]:
    """Return a caption's words with its punctuation marks, or its characters; spaces count as one.

    A tokenizer splits it in its own way.
    """
    text = " ".join((caption.lower() if is_lowercase else caption).split())
    if tokenizer is not None:
        return tokenizer.split(text)
    return _WORD.findall(text) if unit == "words" else list(text)


def count_tokens(captions: Iterable[Sequence[str]], *, min_count: int) -> tuple[str, ...]:
    """Return the tokens that occur often enough, in alphabetical order, after the special ones."""
    counts = Counter(token for caption in captions for token in caption)
    return (*SPECIAL_TOKENS, *sorted(token for token, count in counts.items() if count >= min_count))


@dataclass(frozen=True, kw_only=True, eq=False)
class Vocabulary:
    """Indices of tokens, the special ones first.

    Attributes:
        is_lowercase: Whether captions are read in small letters.
        tokenizer: What splits captions and joins tokens in the place of ``unit``; None: nothing does.
    """

    tokens: tuple[str, ...]
    unit: Unit
    is_lowercase: bool
    tokenizer: PretrainedTokenizer | None = None

    def __len__(self) -> int:
        return len(self.tokens)

    def normalize(self, caption: str) -> str:
        """Return a caption as it would be generated: without odd spaces, in small letters."""
        return self._join(self._split(caption))

    def encode(self, caption: str) -> list[int]:
        """Return the indices of a caption's tokens between begin and end."""
        return [BEGIN, *(self._indices.get(token, UNKNOWN) for token in self._split(caption)), END]

    def encode_all(self, captions: Sequence[Sequence[str]]) -> Tensor:
        """Return the indices of all captions of N pictures, each of which has some: [N, K, T], int64.

        There are K captions of T tokens; where a picture has fewer, they are all padding.
        """
        import torch  # for trainings alone

        encoded = [[self.encode(caption) for caption in several] for several in captions]
        num = max((len(several) for several in encoded), default=1)
        length = max((len(one) for several in encoded for one in several), default=2)
        text = torch.full((len(encoded), num, length), PAD, dtype=torch.int64)
        for row, several in enumerate(encoded):
            for place, one in enumerate(several):
                text[row, place, : len(one)] = torch.tensor(one)
        return text

    def decode(self, indices: Sequence[int]) -> str:
        """Return the text of a caption's indices, up to its end token and without a begin token."""
        tokens = []
        for index in indices:
            if index == END:
                break
            if index not in (PAD, BEGIN):
                tokens.append(self.tokens[index])
        return self._join(tokens)

    def _split(self, caption: str) -> list[str]:
        return split_caption(
            caption, unit=self.unit, is_lowercase=self.is_lowercase, tokenizer=self.tokenizer
        )

    def _join(self, tokens: Sequence[str]) -> str:
        if self.tokenizer is not None:
            return self.tokenizer.join(tokens)
        return (" " if self.unit == "words" else "").join(tokens)

    @cached_property
    def _indices(self) -> dict[str, int]:
        return {token: index for index, token in enumerate(self.tokens) if index >= len(SPECIAL_TOKENS)}
