"""Predictions of a `VariantModel`: from raw sequences of one variant to classes of steps or sequences.

Shapes: L steps of a sequence, C classes.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, TypeVar

import numpy as np
import torch
from pydantic import InstanceOf, SkipValidation
from torch import Tensor

from nested_lightning.app.answers import Predictor
from nested_lightning.app.arguments import checked_arguments
from nested_lightning.app.errors import UserError
from nested_lightning.app.tensors import require_finite
from nested_lightning.app.variant.encoding import encode_inputs
from nested_lightning.app.variant.model import VariantModel
from nested_lightning.app.variant.sequences import Sequences
from nested_lightning.app.variant.sources.records import RawSequence
from nested_lightning.app.variant.spec import VariantDataSpec, VariantSpec

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class SequencePrediction:
    """A model's prediction for one sequence.

    Attributes:
        class_names: Names of the C classes.
        probabilities: [L, C], one row for each step, or [1, C] where a sequence has one label; float32, on
            the CPU. Each row sums to 1.
    """

    class_names: tuple[str, ...]
    probabilities: Tensor

    @property
    def classes(self) -> list[str]:
        """The most probable class of each step, or of the sequence."""
        return [self.class_names[i] for i in self.probabilities.argmax(dim=1).tolist()]

    @property
    def confidences(self) -> list[float]:
        """The probability of each of `classes`."""
        return self.probabilities.amax(dim=1).tolist()

    def spans(self) -> Iterator[tuple[int, int, str]]:
        """Return stretches of steps of the same class: first step, step after the last, class."""
        return stretches(self.classes)


class VariantPredictor(Predictor[VariantModel, VariantDataSpec]):
    """Labels sequences with the preparation that the model was trained with.

    Long sequences are cut into overlapping windows as in training, and each step is labelled where it has
    context on both sides.
    """

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
        sequences = Sequences.cut(
            variant=variant,
            steps=encode_inputs(checked, spec),
            labels=None,
            has_step_labels=spec.has_step_labels,
            window=spec.window,
            margin=spec.margin,
        )
        return self.predict_encoded(sequences)

    @checked_arguments
    def predict_encoded(self, sequences: InstanceOf[Sequences]) -> list[SequencePrediction]:
        """Label encoded sequences, each as a whole, however many windows it is cut into."""
        names = self.data_spec.find(sequences.variant).class_names
        windows = zip(sequences.places, self.probabilities(sequences), strict=True)
        return [
            SequencePrediction(class_names=names, probabilities=torch.cat([rows for _, rows in own]))
            for _, own in groupby(windows, key=lambda window: window[0].sequence)
        ]

    @torch.inference_mode()
    def probabilities(self, sequences: Sequences) -> Iterator[Tensor]:
        """Yield the probabilities of each window's scored steps, or of each sequence, in order."""
        has_step_labels = self.data_spec.find(sequences.variant).has_step_labels
        for indices in torch.arange(len(sequences)).split(self.batch_size):
            batch = sequences.gather(indices).to(self.model.device)
            logits = self.model.label(batch, has_step_labels=has_step_labels)
            found = require_finite(logits.float().softmax(dim=-1)).cpu()
            for index, row in zip(indices.tolist(), found, strict=True):
                yield row[sequences.scored_slice(index)] if has_step_labels else row.unsqueeze(0)


def stretches(values: Iterable[T]) -> Iterator[tuple[int, int, T]]:
    """Yield stretches of equal values: the first's index, the index after the last, the value."""
    start = 0
    for value, equal in groupby(values):
        stop = start + len(list(equal))
        yield start, stop, value
        start = stop


def _check(sequence: Any, spec: VariantSpec, number: int) -> RawSequence:
    """Return a sequence that the variant takes.

    Raises:
        UserError: It takes another one.
    """
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
    except Exception:  # ragged lists, words, a user's objects
        return None
