"""Sequences of handwritten digits, strung together from the pictures that scikit-learn ships."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from nested_lightning.app.data.splits import Splitter
from nested_lightning.app.errors import UserError
from nested_lightning.app.variant.sources.records import SequenceRecords, SourceContent

Generator = np.random.Generator


@dataclass(frozen=True, kw_only=True)
class DigitSequences:
    """Strings of different lengths of the 1,797 pictures of ``load_digits``; each step's class is its digit.

    The pictures are split first, so that no picture of one part is in another. In each part all pictures are
    strung in a random order that is cut into sequences, as many times as ``num_repeats`` says: every
    picture counts alike.

    Args:
        num_repeats: How often each picture of a part is used, each time in another neighbourhood.
        min_length: Digits of the shortest sequence, at least 1.
        max_length: Digits of the longest sequence.
        seed: Decides orders and lengths; the split has a seed of its own.
    """

    num_repeats: int = 40
    min_length: int = 5
    max_length: int = 15
    seed: int = 0

    def __post_init__(self) -> None:
        if self.min_length > self.max_length:
            raise UserError(f"min_length {self.min_length} is above max_length {self.max_length}")

    def __call__(
        self, variant: str, splitter: Splitter, class_names: tuple[str, ...] | None
    ) -> SourceContent:
        """Split the pictures and string them together."""
        from sklearn.datasets import load_digits  # takes half a second to import

        digits = load_digits()
        pictures, classes = digits.data.astype(np.float32), digits.target.astype(np.int64)
        split = splitter(classes, pa.table({"digit": classes}))
        return SourceContent(
            kind="vectors",
            class_names=tuple(str(name) for name in digits.target_names),
            has_step_labels=True,
            parts={
                name: self._string(pictures[rows], classes[rows], np.random.default_rng([self.seed, number]))
                for number, (name, rows) in enumerate(split.parts.items())
            },
            scaling="all",
        )

    def _string(
        self, pictures: npt.NDArray[np.float32], classes: npt.NDArray[np.int64], generator: Generator
    ) -> SequenceRecords:
        inputs, labels = [], []
        for _ in range(self.num_repeats):
            order = generator.permutation(len(pictures))
            start = 0
            while start < len(order):
                length = self._draw_length(len(order) - start, generator)
                chosen = order[start : start + length]
                inputs.append(pictures[chosen])
                labels.append(classes[chosen])
                start += length
        return SequenceRecords(inputs=inputs, labels=labels)

    def _draw_length(self, remaining: int, generator: Generator) -> int:
        length = int(generator.integers(self.min_length, self.max_length + 1))
        if remaining - length >= self.min_length:
            return length
        # what would be left over is too short for a sequence: all of it, or leave the shortest one
        return remaining if remaining <= self.max_length else remaining - self.min_length
