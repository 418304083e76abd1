"""From raw sequences of one variant to classes of steps or sequences, by torch or an exported model.

Shapes: L steps of a sequence, C classes.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, TypeAlias, TypeVar

import numpy as np
from pydantic import SkipValidation

from nested_lightning.app.arguments import checked_arguments
from nested_lightning.app.errors import UserError
from nested_lightning.app.variant.encoding import Array, encode_inputs
from nested_lightning.app.variant.sources.records import RawSequence
from nested_lightning.app.variant.spec import VariantDataSpec, VariantSpec

T = TypeVar("T")

Probabilities: TypeAlias = Any
"""A tensor of torch's on the CPU, or an array where an exported model computed it."""


@dataclass(frozen=True, kw_only=True)
class SequencePrediction:
    """What a model says of one sequence.

    Attributes:
        class_names: Names of the C classes.
        probabilities: [L, C], one row for each step, or [1, C] where a sequence has one label; float32.
            Each row sums to 1.
    """

    class_names: tuple[str, ...]
    probabilities: Probabilities

    @property
    def classes(self) -> list[str]:
        """The most probable class of each step, or of the sequence."""
        return [self.class_names[i] for i in np.asarray(self.probabilities).argmax(axis=1).tolist()]

    @property
    def confidences(self) -> list[float]:
        """The probability of each of `classes`."""
        found: list[float] = np.asarray(self.probabilities).max(axis=1).tolist()
        return found

    def spans(self) -> Iterator[tuple[int, int, str]]:
        """Return stretches of steps of the same class: first step, step after the last, class."""
        return stretches(self.classes)


class SequenceLabeller(ABC):
    """Labels sequences with the preparation that a model was trained with."""

    data_spec: VariantDataSpec

    @abstractmethod
    def _label_steps(self, spec: VariantSpec, steps: Sequence[Array]) -> list[SequencePrediction]:
        """Label sequences of a variant whose steps are encoded, see `encode_inputs`."""

    @checked_arguments
    def predict(
        self, variant: str, inputs: Sequence[SkipValidation[RawSequence]]
    ) -> list[SequencePrediction]:
        """Label sequences of one variant.

        Args:
            variant: Name of the variant.
            inputs: Texts, lists of tokens, or vectors of [L, F], float32; each of at least one step.

        Raises:
            UserError: The variant is unknown, or a sequence is empty or none that the variant takes.
        """
        spec = self.data_spec.find(variant)
        if not inputs:
            return []
        checked = [_check(one, spec, number) for number, one in enumerate(inputs, start=1)]
        return self._label_steps(spec, encode_inputs(checked, spec))


def stretches(values: Iterable[T]) -> Iterator[tuple[int, int, T]]:
    """Yield stretches of equal values: the first's index, the index after the last, the value."""
    start = 0
    for value, equal in groupby(values):
        stop = start + len(list(equal))
        yield start, stop, value
        start = stop


def _check(sequence: Any, spec: VariantSpec, number: int) -> RawSequence:
    """Return a sequence that the variant takes."""
    place = f"variant '{spec.name}': sequence {number}"
    taken = sequence
    if spec.kind == "characters":
        is_taken, what = isinstance(sequence, str), "a text"
    elif spec.kind == "tokens":
        is_list = isinstance(sequence, Sequence) and not isinstance(sequence, str)
        is_taken, what = is_list and all(isinstance(token, str) for token in sequence), "a list of tokens"
    else:
        taken, what = _as_numbers(sequence), "a list of vectors of equally many numbers"
        is_taken = taken is not None and (taken.ndim == 2 or len(taken) == 0)
    if not is_taken:
        raise UserError(f"{place} must be {what}; a {type(sequence).__name__} was given that is none")
    if len(taken) == 0:
        raise UserError(f"{place} is empty; at least one step is needed")
    if spec.kind == "vectors" and not np.isfinite(taken).all():
        raise UserError(f"{place} holds numbers that aren't finite; leave such steps out, or fill them in")
    return taken


def _as_numbers(vectors: Any) -> np.ndarray[Any, Any] | None:
    try:
        return np.atleast_1d(np.asarray(vectors, dtype=np.float32))
    except Exception:  # ragged lists, words, a stranger's objects
        return None
