"""Texts as a pretrained encoder reads them: in pieces of words, by its own tokenizer.

Shapes: L steps of a sequence, K pieces of a step at most, P pieces of a sequence.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import numpy.typing as npt
from pydantic import Field, NonNegativeInt, PositiveInt

from nested_lightning.app.data.data_spec import Facts
from nested_lightning.app.errors import UserError
from nested_lightning.app.submodules.pretrained.tokenization import load_tokenizer
from nested_lightning.app.variant.sources.records import RawSequence
from nested_lightning.app.variant.windows import cut_windows

if TYPE_CHECKING:
    from nested_lightning.app.submodules.pretrained.texts import TextPreparation

MOST = 16
"""Pieces of one step that are read at most."""

Rows = npt.NDArray[np.int32]
Pieces = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]
"""The step that each piece begins in, and its id, both [P]."""


@dataclass(frozen=True, kw_only=True)
class PieceSpec(Facts):
    """Cuts a variant's texts into pieces.

    Attributes:
        tokenizer: A tokenizer of the library tokenizers, as JSON.
        num_pieces: Pieces that it knows.
        max_length: Pieces that the encoder reads at once, without those around a text.
        per_step: K, where steps have labels; where a sequence has one label, each piece is a step.
        before: Ids of what it puts before a text.
        after: Ids of what it puts after it.
    """

    tokenizer: Annotated[str, Field(min_length=1)]
    num_pieces: PositiveInt
    max_length: PositiveInt
    per_step: PositiveInt
    before: tuple[NonNegativeInt, ...]
    after: tuple[NonNegativeInt, ...]


def fit_pieces(
    preparation: TextPreparation, inputs: Sequence[RawSequence], *, has_step_labels: bool
) -> PieceSpec:
    """Return the cutter for the texts of a training part."""
    tokenizer = load_tokenizer(preparation.tokenizer)
    probe = tokenizer.encode("a")
    is_added = [*zip(probe.ids, probe.special_tokens_mask, strict=True)]
    before, after = (
        tuple(id_ for id_, _ in takewhile(lambda each: bool(each[1]), ids))
        for ids in (is_added, reversed(is_added))
    )
    per_step = max(
        (int(np.bincount(steps).max(initial=1)) for steps, _ in _cut(inputs, tokenizer)), default=1
    )
    return PieceSpec(
        tokenizer=preparation.tokenizer,
        num_pieces=tokenizer.get_vocab_size(),
        max_length=max(1, preparation.max_length - len(before) - len(after)),
        per_step=min(per_step, MOST) if has_step_labels else 1,
        before=before,
        after=after[::-1],
    )


def encode_pieces(inputs: Sequence[RawSequence], spec: PieceSpec, *, has_step_labels: bool) -> list[Rows]:
    """Return the pieces of each sequence, int32, each id and 1, 0 where there is none.

    They are [L, K] where steps have labels. Else they are [P, 1], cut after the most that is read at once.
    """
    cut = _cut(inputs, load_tokenizer(spec.tokenizer))
    if not has_step_labels:
        heads = (ids[: spec.max_length] + 1 for _, ids in cut)
        return [_at_least_one(ids)[:, None].astype(np.int32) for ids in heads]
    return [_by_step(len(one), pieces, spec.per_step) for one, pieces in zip(inputs, cut, strict=True)]


def refuse_long_windows(
    sequences: Iterable[Rows], spec: PieceSpec, *, name: str, window: int | None, margin: int
) -> None:
    """Refuse sequences with more labelled steps than can be read at once."""
    for number, sequence in enumerate(sequences, start=1):
        for cut in cut_windows(len(sequence), window=window, margin=margin):
            num = int((sequence[cut.start : cut.stop] != 0).sum())
            if num > spec.max_length:
                raise UserError(
                    f"variant '{name}': {cut.stop - cut.start} steps of sequence {number} are {num} pieces to"
                    f" its encoder, which reads {spec.max_length} at once: train with fewer steps in"
                    f" variant.variants.{name}.source.window, or give shorter sequences"
                )


def _cut(inputs: Sequence[RawSequence], tokenizer: Any) -> list[Pieces]:
    """Return the pieces of each sequence."""
    texts = [_storable(one) if isinstance(one, str) else [*map(_storable, map(str, one))] for one in inputs]
    are_words = any(isinstance(one, list) for one in texts)
    read = tokenizer.encode_batch(texts, is_pretokenized=are_words, add_special_tokens=False)
    begins = (one.word_ids if are_words else [start for start, _ in one.offsets] for one in read)
    return [
        (np.array(steps, dtype=np.int64), np.array(one.ids, dtype=np.int64))
        for steps, one in zip(begins, read, strict=True)
    ]


def _by_step(num_steps: int, pieces: Pieces, per_step: int) -> Rows:
    steps, ids = pieces
    slots = np.arange(len(steps)) - np.searchsorted(steps, steps)
    is_kept = slots < per_step
    rows = np.zeros((num_steps, per_step), dtype=np.int32)
    rows[steps[is_kept], slots[is_kept]] = ids[is_kept] + 1
    return rows


def _at_least_one(ids: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    return ids if len(ids) else np.zeros(1, dtype=np.int64)


def _storable(text: str) -> str:
    """Return a text without halves of characters, as long as it was."""
    return text.encode("utf-8", errors="replace").decode("utf-8")
