"""Columns of text that a pretrained extractor reads, by its own tokenizer.

Shapes: N rows, L tokens of a row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nested_lightning.app.multi_feature.own_columns import Encoded, OwnColumn, note_rows
from nested_lightning.app.multi_feature.own_group_specs import TokenGroupSpec
from nested_lightning.app.submodules.pretrained.tokenization import load_tokenizer

if TYPE_CHECKING:
    from nested_lightning.app.submodules.pretrained.texts import TextPreparation

MAX_TOKENS = 256
"""Tokens of a text that are read at most: memory grows with their square."""


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
        num = int((self._lengths(load_tokenizer(spec.tokenizer)) > spec.max_length).sum())
        what = f"are longer than the longest of the training, and are cut after {spec.max_length:,} tokens"
        note_rows(self.name, num, len(self), what)

    def _lengths(self, tokenizer: Any) -> Any:
        texts = self.values.drop_null().to_pylist()
        return np.array([len(one.ids) for one in tokenizer.encode_batch(texts)], dtype=np.int64)
