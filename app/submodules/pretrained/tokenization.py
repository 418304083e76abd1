"""Tokenizers that belong to language models trained elsewhere, as plain data."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from nested_lightning.app.submodules.pretrained.libraries import library


def load_tokenizer(text: str) -> Any:
    """Return a tokenizer of the library tokenizers that neither cuts nor fills up."""
    made = library("tokenizers", extra="pretrained", wanted_by="a tokenizer").Tokenizer.from_str(text)
    made.no_truncation()
    made.no_padding()
    return made


@dataclass(frozen=True, kw_only=True)
class PretrainedTokenizer:
    """How a language model was trained to read and write.

    Attributes:
        text: A tokenizer of the library tokenizers, as JSON.
        begin: The token that a text begins after.
        end: The token that ends a text; it may be the same.
        pad: The token that fills up; None: there is none.
        unknown: The token that stands for what it doesn't know; None: it knows everything.
    """

    text: str
    begin: str
    end: str
    pad: str | None = None
    unknown: str | None = None

    @cached_property
    def words(self) -> tuple[str, ...]:
        """All tokens in the order of their ids, but the four that have a meaning of their own."""
        ids = self._loaded.get_vocab(with_added_tokens=True)
        special = (self.begin, self.end, self.pad, self.unknown)
        return tuple(token for token in sorted(ids, key=ids.__getitem__) if token not in special)

    def ids(self, tokens: Iterable[str | None]) -> tuple[int, ...]:
        """Return the ids of tokens; -1 for None."""
        known = self._loaded.get_vocab(with_added_tokens=True)
        return tuple(-1 if token is None else known[token] for token in tokens)

    def split(self, text: str) -> list[str]:
        """Return the tokens of a text, without those that begin and end it."""
        tokens: list[str] = self._loaded.encode(text, add_special_tokens=False).tokens
        return tokens

    def join(self, tokens: Sequence[str]) -> str:
        """Return the text of tokens; spaces count as one."""
        ids = (self._loaded.token_to_id(token) for token in tokens)
        text = self._loaded.decode([one for one in ids if one is not None], skip_special_tokens=False)
        return " ".join(text.split())

    @property
    def _loaded(self) -> Any:
        return _load_once(self.text)


@lru_cache(maxsize=4)
def _load_once(text: str) -> Any:
    """Return a tokenizer to which the names of special tokens in a text are text."""
    loaded = load_tokenizer(text)
    loaded.encode_special_tokens = True
    return loaded
