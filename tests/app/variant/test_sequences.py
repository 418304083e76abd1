"""Encoded sequences gathered into padded batches."""

from typing import Any

import torch

from nested_lightning.app.variant.batch import IGNORED
from nested_lightning.app.variant.sequences import Sequences


def _cut(lengths: list[int], **options: Any) -> Sequences:
    return Sequences.cut(
        variant="text",
        steps=[torch.arange(1, length + 1, dtype=torch.int32) for length in lengths],
        labels=[torch.arange(length, dtype=torch.uint8) for length in lengths],
        has_step_labels=True,
        **options,
    )


def test_shorter_sequences_are_padded_and_the_padding_is_ignored() -> None:
    batch = _cut([2, 4]).gather(torch.tensor([0, 1]))

    assert batch.variant == "text"
    assert batch.inputs.tolist() == [[1, 2, 0, 0], [1, 2, 3, 4]]
    assert batch.mask is not None
    assert batch.mask.tolist() == [[True, True, False, False], [True] * 4]
    assert batch.target is not None
    assert batch.target.tolist() == [[0, 1, IGNORED, IGNORED], [0, 1, 2, 3]]


def test_without_padding_there_is_no_mask() -> None:
    assert _cut([3, 3]).gather(torch.tensor([1, 0])).mask is None


def test_margins_of_windows_are_ignored_and_each_label_counts_once() -> None:
    sequences = _cut([10, 3], window=6, margin=2)
    batch = sequences.gather(torch.arange(len(sequences)))

    assert batch.target is not None
    counted = batch.target[batch.target != IGNORED]
    assert sorted(counted.tolist()) == sorted([*range(10), *range(3)])
    assert len(sequences.scored_labels()) == 13
    assert sequences.scored_labels().tolist() == [*range(10), *range(3)]


def test_a_scored_slice_says_which_steps_of_a_window_count() -> None:
    sequences = _cut([10], window=6, margin=2)
    steps = [
        sequences.gather(torch.tensor([i])).inputs[0, sequences.scored_slice(i)]
        for i in range(len(sequences))
    ]

    assert torch.cat(steps).tolist() == list(range(1, 11))


def test_vectors_keep_their_type_and_are_zero_where_padded() -> None:
    sequences = Sequences.cut(
        variant="points",
        steps=[torch.ones(1, 3), torch.ones(2, 3)],
        labels=[torch.tensor([0]), torch.tensor([1])],
        has_step_labels=False,
    )
    batch = sequences.gather(torch.tensor([0, 1]))

    assert batch.inputs.dtype == torch.float32
    assert batch.inputs.shape == (2, 2, 3)
    assert batch.inputs[0, 1].tolist() == [0, 0, 0]
    assert batch.target is not None
    assert batch.target.tolist() == [0, 1]


def test_a_batch_moves_to_another_device_whole() -> None:
    batch = _cut([2, 4]).gather(torch.tensor([0, 1])).to("meta")

    assert batch.variant == "text"
    assert {t.device.type for t in (batch.inputs, batch.mask, batch.target) if t is not None} == {"meta"}
    assert len(batch) == 2
