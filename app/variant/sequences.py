"""Encoded sequences of different lengths in memory, long ones in windows, gathered into padded batches.

Shapes: S sequences, T steps of all sequences together, B sequences of a batch, L steps of the longest one,
F features of a step.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from nested_lightning.app.data.tensor_batch import TensorBatch
from nested_lightning.app.variant.batch import IGNORED, SequenceBatch
from nested_lightning.app.variant.encoding import encode_inputs
from nested_lightning.app.variant.sources.records import Origin, SequenceRecords
from nested_lightning.app.variant.spec import VariantSpec
from nested_lightning.app.variant.windows import Place, cut_windows


@dataclass(frozen=True, kw_only=True)
class Sequences(TensorBatch):
    """Sequences of one variant, each a window of one stretch of the same tensors.

    Attributes:
        variant: Name of the variant.
        steps: Indices of tokens, [T], their pieces, [T, K], or vectors, float32 of [T, F].
        labels: Class indices, [T], or [S'] for S' whole sequences with one label each; None: not known.
        has_step_labels: Whether each step has a label.
        starts: First step of each window in ``steps``, int64 of [S].
        places: Which part of which sequence each window is, S of them.
        origins: Where each sequence comes from; empty: not known.
    """

    variant: str
    steps: Tensor
    labels: Tensor | None
    has_step_labels: bool
    starts: Tensor
    places: Sequence[Place]
    origins: Sequence[Origin]
    _bounds: Tensor
    """Length, first and last scored step within the window, int64 of [S, 3]."""

    @classmethod
    def cut(
        cls,
        *,
        variant: str,
        steps: Sequence[npt.ArrayLike],
        labels: Sequence[npt.ArrayLike] | None,
        has_step_labels: bool,
        origins: Sequence[Origin] = (),
        window: int | None = None,
        margin: int = 0,
    ) -> "Sequences":
        """Join sequences and cut them into windows, see `cut_windows`.

        Args:
            variant: Name of the variant.
            steps: One array for each sequence, [L] or [L, F]; at least one sequence.
            labels: One array for each sequence, [L] or [1].
            has_step_labels: Whether each step has a label; otherwise sequences stay whole.
            origins: Where each sequence comes from.
            window: See `cut_windows`.
            margin: See `cut_windows`.
        """
        places, starts, bounds, offset = [], [], [], 0
        for number, sequence in enumerate(map(np.asarray, steps)):
            for cut in cut_windows(len(sequence), window=window if has_step_labels else None, margin=margin):
                places.append(Place(number, cut))
                starts.append(offset + cut.start)
                bounds.append(
                    (cut.stop - cut.start, cut.scored_start - cut.start, cut.scored_stop - cut.start)
                )
            offset += len(sequence)
        return cls(
            variant=variant,
            steps=torch.from_numpy(np.concatenate(steps)),
            labels=None if labels is None else torch.from_numpy(np.concatenate(labels)),
            has_step_labels=has_step_labels,
            starts=torch.tensor(starts, dtype=torch.int64),
            places=places,
            origins=origins,
            _bounds=torch.tensor(bounds, dtype=torch.int64).reshape(-1, 3),
        )

    def __len__(self) -> int:
        return len(self.starts)

    @property
    def shortest_and_longest(self) -> tuple[int, int]:
        """Steps of the shortest and the longest window."""
        return int(self._bounds[:, 0].min()), int(self._bounds[:, 0].max())

    def scored_slice(self, index: int) -> slice:
        """Return which steps of a window count, counted from the window's first."""
        _, start, stop = self._bounds[index].tolist()
        return slice(start, stop)

    def scored_labels(self) -> Tensor:
        """Return the labels that count, window after window, [N].

        Raises:
            AssertionError: No labels are known.
        """
        assert self.labels is not None
        if not self.has_step_labels:
            return self.labels[: len(self)]
        windows = zip(self.starts.tolist(), self._bounds.tolist(), strict=True)
        return torch.cat([self.labels[at + start : at + stop] for at, (_, start, stop) in windows])

    def gather(self, index: Tensor) -> SequenceBatch:
        """Return the windows at ``index``, int64 of [B] on the CPU, padded to the longest.

        They are gathered where the steps are, and no size is read from there.
        """
        windows = [self.places[row].window for row in index.tolist()]
        sizes = {window.stop - window.start for window in windows}
        is_padded = len(sizes) > 1
        index = index.to(self.steps.device)
        bounds = self._bounds[index]
        lengths, scored_start, scored_stop = bounds[:, :1], bounds[:, 1:2], bounds[:, 2:]
        order_L = torch.arange(max(sizes), device=index.device)
        mask_BL = order_L < lengths
        where_BL = (self.starts[index, None] + order_L).masked_fill_(~mask_BL, 0)
        inputs = self.steps[where_BL]
        inputs = inputs if inputs.is_floating_point() else inputs.long()
        if is_padded:
            inputs[~mask_BL] = 0
        target = None
        if self.labels is not None and self.has_step_labels:
            is_scored_BL = (order_L >= scored_start) & (order_L < scored_stop)
            target = self.labels[where_BL].long().masked_fill_(~is_scored_BL, IGNORED)
        elif self.labels is not None:
            target = self.labels[index].long()
        return SequenceBatch(
            variant=self.variant, inputs=inputs, mask=mask_BL if is_padded else None, target=target
        )


def encode_records(records: SequenceRecords, spec: VariantSpec) -> Sequences:
    """Return sequences with their labels, in windows."""
    dtype: Any = np.uint8 if len(spec.class_names) <= 256 else np.int32
    return Sequences.cut(
        variant=spec.name,
        steps=encode_inputs(records.inputs, spec),
        labels=[labels.astype(dtype) for labels in records.labels] or [np.zeros(0, dtype=dtype)],
        origins=records.origins,
        has_step_labels=spec.has_step_labels,
        window=spec.window,
        margin=spec.margin,
    )
