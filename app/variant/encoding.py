"""From sequences to arrays: vocabulary and statistics of the training part, then indices and vectors.

Shapes: L steps of a sequence, F features of a step, T steps of all sequences together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from nested_lightning.app.errors import UserError, name_list
from nested_lightning.app.variant.pieces import PieceSpec, encode_pieces, fit_pieces, refuse_long_windows
from nested_lightning.app.variant.sources.records import RawSequence, Scaling, SourceContent
from nested_lightning.app.variant.spec import VariantSpec
from nested_lightning.app.variant.windows import cut_windows

if TYPE_CHECKING:
    from nested_lightning.app.submodules.pretrained.texts import TextPreparation

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]


def fit_variant(name: str, content: SourceContent, preparation: TextPreparation | None = None) -> VariantSpec:
    """Return the spec of a variant; vocabulary, statistics and counts come from the training part alone.

    Raises:
        UserError: The training part is empty or lacks a class.
    """
    train = content.parts["train"]
    if len(train) == 0:
        raise UserError(f"variant '{name}': the split leaves nothing to train on; see variant.data.split")
    counts = np.bincount(np.concatenate(train.labels), minlength=len(content.class_names)).tolist()
    lacking = [label for label, count in zip(content.class_names, counts, strict=True) if count == 0]
    if lacking:
        raise UserError(
            f"variant '{name}': the training part has nothing of class {name_list(lacking)};"
            " see variant.data.split"
        )
    mean, scale = _fit_vectors(train.inputs, content.scaling) if content.kind == "vectors" else ((), ())
    window = content.window if content.has_step_labels else None
    return VariantSpec(
        name=name,
        kind=content.kind,
        vocabulary=() if content.kind == "vectors" or preparation else _fit_vocabulary(train.inputs),
        pieces=fit_pieces(preparation, train.inputs, has_step_labels=content.has_step_labels)
        if preparation
        else None,
        mean=tuple(mean),
        scale=tuple(scale),
        class_names=content.class_names,
        class_counts=tuple(counts),
        has_step_labels=content.has_step_labels,
        num_sequences=sum(
            1
            for sequence in train.inputs
            for _ in cut_windows(len(sequence), window=window, margin=content.margin)
        ),
        window=window,
        margin=content.margin,
        origin_hash=content.origin_hash,
    )


def encode_inputs(inputs: Iterable[RawSequence], spec: VariantSpec) -> list[Array]:
    """Return an array for each sequence: indices of [L], pieces, or standardised vectors of [L, F], float32.

    Without any sequence it is one array of no steps. Of pieces see `encode_pieces`.

    Raises:
        UserError: Vectors have another width than the variant's, or more pieces would have to be read at once
            than can be.
    """
    if spec.pieces is not None:
        return _encode_pieces([*inputs], spec, spec.pieces)
    if spec.kind == "vectors":
        mean, scale = np.array(spec.mean), np.array(spec.scale)
        vectors = [_standardise(np.asarray(sequence), mean, scale, spec) for sequence in inputs]
        return vectors or [np.zeros((0, len(mean)), dtype=np.float32)]
    if spec.kind == "characters":
        table = _character_table(spec.vocabulary)
        encoded = (str(text).encode("utf-32-le", errors="surrogatepass") for text in inputs)
        points = (np.frombuffer(text, dtype=np.uint32).clip(max=len(table) - 1) for text in encoded)
        texts = [table[each] for each in points]
        return texts or [np.zeros(0, dtype=np.int32)]
    indices = {token: index for index, token in enumerate(spec.vocabulary, start=1)}
    tokens = [np.array([indices.get(t, 0) for t in sequence], dtype=np.int32) for sequence in inputs]
    return tokens or [np.zeros(0, dtype=np.int32)]


def _encode_pieces(inputs: list[RawSequence], spec: VariantSpec, pieces: PieceSpec) -> list[Array]:
    encoded = encode_pieces(inputs, pieces, has_step_labels=spec.has_step_labels)
    if spec.has_step_labels:
        refuse_long_windows(encoded, pieces, name=spec.name, window=spec.window, margin=spec.margin)
    return encoded or [np.zeros((0, pieces.per_step), dtype=np.int32)]


def _standardise(vectors: npt.NDArray[np.float32], mean: Floats, scale: Floats, spec: VariantSpec) -> Array:
    if vectors.shape[-1] != len(mean):
        raise UserError(
            f"variant '{spec.name}': vectors of {vectors.shape[-1]} numbers were given,"
            f" and it takes {len(mean)}"
        )
    return ((vectors - mean) / scale).astype(np.float32)


def _fit_vectors(sequences: Sequence[RawSequence], scaling: Scaling) -> tuple[list[float], list[float]]:
    values_TF = np.concatenate([np.asarray(sequence, dtype=np.float64) for sequence in sequences])
    width = values_TF.shape[1]
    if scaling == "none":
        return [0.0] * width, [1.0] * width
    if scaling == "all":
        return [float(values_TF.mean())] * width, [float(values_TF.std()) or 1.0] * width
    deviations = values_TF.std(axis=0)
    return values_TF.mean(axis=0).tolist(), np.where(deviations > 0, deviations, 1.0).tolist()


def _fit_vocabulary(sequences: Iterable[RawSequence]) -> tuple[str, ...]:
    counts: Counter[str] = Counter()
    for sequence in sequences:
        counts.update(str(token) for token in sequence)
    # Tokens that occur once teach nothing; they train the index of unknown tokens instead.
    repeated = sorted(token for token, count in counts.items() if count > 1)
    return tuple(repeated or sorted(counts))


def _character_table(vocabulary: Sequence[str]) -> npt.NDArray[np.int32]:
    """Return the index of each code point; the last one stands for all above."""
    table = np.zeros(max(map(ord, vocabulary), default=0) + 2, dtype=np.int32)
    table[[ord(character) for character in vocabulary]] = np.arange(1, len(vocabulary) + 1)
    return table
