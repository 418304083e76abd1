"""Columns of which each cell is a list: of a text's words or tokens, or of numbers.

Shapes: N rows, L words, tokens or steps of a row.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import compute

from nested_lightning.app.errors import UserError
from nested_lightning.app.multi_feature.group_specs import Layout
from nested_lightning.app.multi_feature.own_columns import Encoded, OwnColumn, mean_and_scale, note_rows
from nested_lightning.app.multi_feature.own_group_specs import (
    FIRST_WORD,
    UNKNOWN_WORD,
    SequenceGroupSpec,
    TextGroupSpec,
    TokenGroupSpec,
)
from nested_lightning.app.submodules.pretrained.tokenization import load_tokenizer

if TYPE_CHECKING:
    from nested_lightning.app.submodules.pretrained.texts import TextPreparation

MAX_WORDS, MAX_LENGTH, MAX_STEPS = 10_000, 256, 1024
"""Words that are told apart, words of a text, and steps of a sequence."""

MAX_TOKENS = 256
"""Tokens of a text that are read at most: memory grows with their square."""

_SINGLE = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\u2190-\u2bff\U0001f000-\U0001faff"
_BETWEEN = r"\s!-/:-@\[-^`{-\u00a9\u00ab-\u00b1\u00b4\u00b6-\u00b8\u00bb\u00bf"
_BETWEEN += r"\u2000-\u206f\u20a0-\u20cf\u3000-\u303f\ufe00-\ufe0f\uff00-\uff0f"
_WORD = re.compile(f"[{_SINGLE}]|[^{_SINGLE}{_BETWEEN}]+")
"""A sign that is a word by itself, of Chinese or Japanese or a picture such as an emoji; or what has neither
space nor punctuation in it: marks that belong to a letter stay with it."""


@dataclass(frozen=True, eq=False)
class ListColumn(OwnColumn):
    """What columns of lists have in common, of which a model reads the first L items."""

    def _lengths(self) -> npt.NDArray[np.int64]:
        lengths: npt.NDArray[np.int64] = (
            compute.list_value_length(self.values).fill_null(0).cast(pa.int64()).to_numpy()
        )
        return lengths

    def _places(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Return the row of each item of all lists, and its place in its list."""
        lengths = self._lengths()
        rows = np.repeat(np.arange(len(self)), lengths)
        return rows, np.arange(len(rows)) - np.repeat(lengths.cumsum() - lengths, lengths)

    def _laid_out(self, items: npt.NDArray[Any], layout: Layout) -> Encoded:
        """Return the items of all lists by row and place, [N, L, …]; 0 where there is none."""
        encoded = np.zeros((len(self), *layout.shape), layout.dtype)
        rows, places = self._places()
        is_kept = places < layout.shape[0]
        encoded[rows[is_kept], places[is_kept]] = items[is_kept]
        return encoded


@dataclass(frozen=True, eq=False)
class TextColumn(ListColumn):
    """Texts of any length as lists of their words, [N]."""

    @classmethod
    def of_texts(cls, name: str, texts: pa.StringArray) -> Self:
        """Return the column of some texts, null where missing."""
        words = [None if text is None else _WORD.findall(text.lower()) for text in texts.to_pylist()]
        return cls(name, pa.array(words, pa.list_(pa.string())))

    def fit(self) -> TextGroupSpec:
        """Return the most frequent words, at most `MAX_WORDS`, and the length of the longest text.

        Raises:
            UserError: There is no word at all.
        """
        counts = Counter(self.values.flatten().to_pylist())
        if not counts:
            raise UserError(f"column '{self.name}' has no word in the training part")
        words = sorted(counts, key=lambda word: (-counts[word], word))[:MAX_WORDS]
        length = min(MAX_LENGTH, int(self._lengths().max()))
        return TextGroupSpec(name=self.name, column=self.name, words=tuple(words), max_length=length)

    def encode(self, spec: TextGroupSpec) -> Encoded:
        """Return the ids of words, int32 of [N, L]; what is longer than L is cut."""
        ids = self._numbers(spec) + FIRST_WORD
        ids[ids < FIRST_WORD] = UNKNOWN_WORD
        return self._laid_out(ids, spec.layout)

    def note(self, spec: TextGroupSpec) -> None:
        """Warn of texts that are cut, and of those without a word that the training knew."""
        _note_cut(self, self._lengths(), spec.max_length)
        rows, _ = self._places()
        num_known = np.bincount(rows[self._numbers(spec) >= 0], minlength=len(self))
        strange = int(((self._lengths() > 0) & (num_known == 0)).sum())
        note_rows(self.name, strange, len(self), "have no word that the training knew")

    def _numbers(self, spec: TextGroupSpec) -> npt.NDArray[np.int64]:
        """Return the number of each word among those of the training, -1 where it is none."""
        found = compute.index_in(self.values.flatten(), value_set=pa.array(spec.words, pa.string()))
        numbers: npt.NDArray[np.int64] = found.fill_null(-1).cast(pa.int64()).to_numpy().copy()
        return numbers


@dataclass(frozen=True, eq=False)
class SequenceColumn(ListColumn):
    """Lists of numbers, [N]."""

    def fit(self) -> SequenceGroupSpec:
        """Return mean and deviation of all numbers, and the length of the longest list.

        Raises:
            UserError: There is no number at all.
        """
        numbers = self.values.flatten().to_numpy(zero_copy_only=False)
        if len(numbers) == 0:
            raise UserError(f"column '{self.name}' has no number in the training part, but empty lists")
        mean, scale = mean_and_scale(numbers)
        num_steps = min(MAX_STEPS, int(self._lengths().max()))
        return SequenceGroupSpec(
            name=self.name, column=self.name, mean=mean, scale=scale, num_steps=num_steps
        )

    def encode(self, spec: SequenceGroupSpec) -> Encoded:
        """Return each step's value, standardised, and 1, float32 of [N, L, 2]; what is longer is cut."""
        numbers = self.values.flatten().to_numpy(zero_copy_only=False)
        steps = np.stack([(numbers - spec.mean) / spec.scale, np.ones(len(numbers))], axis=1)
        return self._laid_out(steps, spec.layout)

    def note(self, spec: SequenceGroupSpec) -> None:
        """Warn of lists that are cut."""
        _note_cut(self, self._lengths(), spec.num_steps)


@dataclass(frozen=True, eq=False)
class TokenColumn(OwnColumn):
    """Texts of any length, [N], null where missing.

    Attributes:
        preparation: How the extractor wants them; None where a model is known, whose spec says it.
    """

    preparation: TextPreparation | None = None

    def fit(self) -> TokenGroupSpec:
        """Return the tokenizer, and the length of the longest text as far as the extractor reads it."""
        assert self.preparation is not None
        tokenizer = load_tokenizer(self.preparation.tokenizer)
        limit = min(self.preparation.max_length, MAX_TOKENS)
        lengths = self._lengths(tokenizer)
        return TokenGroupSpec(
            name=self.name,
            column=self.name,
            tokenizer=self.preparation.tokenizer,
            num_tokens=tokenizer.get_vocab_size(),
            max_length=min(limit, int(lengths.max(initial=1))),
        )

    def encode(self, spec: TokenGroupSpec) -> Encoded:
        """Return the ids of tokens, and 1, int32 of [N, L]; what is longer than L is cut."""
        tokenizer = load_tokenizer(spec.tokenizer)
        tokenizer.enable_truncation(max_length=spec.max_length)
        encoded = np.zeros((len(self), *spec.layout.shape), dtype=np.int32)
        there = [row for row, text in enumerate(self.values.to_pylist()) if text is not None]
        texts = self.values.drop_null().to_pylist()
        for row, one in zip(there, tokenizer.encode_batch(texts), strict=True):
            encoded[row, : len(one.ids)] = np.array(one.ids, dtype=np.int32) + 1
        return encoded

    def note(self, spec: TokenGroupSpec) -> None:
        """Warn of texts that are cut."""
        _note_cut(self, self._lengths(load_tokenizer(spec.tokenizer)), spec.max_length, unit=" tokens")

    def _lengths(self, tokenizer: Any) -> Any:
        texts = self.values.drop_null().to_pylist()
        return np.array([len(one.ids) for one in tokenizer.encode_batch(texts)], dtype=np.int64)


def _note_cut(column: OwnColumn, lengths: npt.NDArray[np.int64], length: int, unit: str = "") -> None:
    """Warn of rows that are longer."""
    what = f"are longer than the longest of the training, and are cut after {length:,}{unit}"
    note_rows(column.name, int((lengths > length).sum()), len(column), what)
