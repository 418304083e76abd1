"""Dataclasses of tensors as one: indexed, moved, counted."""

from collections.abc import Mapping
from dataclasses import dataclass, fields

import pytest
import torch
from torch import Tensor

from nested_lightning.app.data.tensor_batch import TensorBatch, find_tensors, map_tensors, num_bytes

needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device here")


@dataclass(frozen=True, kw_only=True)
class _Batch(TensorBatch):
    name: str
    groups: Mapping[str, Tensor | None]
    target: Tensor | None = None


def _batch() -> _Batch:
    groups = {"a": torch.arange(6.0).view(3, 2), "b": None}
    return _Batch(name="some", groups=groups, target=torch.tensor([7, 8, 9]))


def _targets(batch: _Batch) -> list[int]:
    assert batch.target is not None
    return batch.target.tolist()


def test_a_batch_has_the_length_of_its_tensors() -> None:
    assert len(_batch()) == 3
    assert len(_Batch(name="none", groups={"b": None})) == 0


@pytest.mark.parametrize(
    ("index", "rows"),
    [
        (slice(1, 3), [1, 2]),
        (torch.tensor([2, 0, 2]), [2, 0, 2]),
        (torch.tensor([True, False, True]), [0, 2]),
    ],
)
def test_all_tensors_are_indexed_alike_and_what_is_no_tensor_is_kept(
    index: Tensor | slice, rows: list[int]
) -> None:
    chosen = _batch()[index]
    values = chosen.groups["a"]

    assert _targets(chosen) == [7 + row for row in rows]
    assert values is not None
    assert values.tolist() == [[2.0 * row, 2.0 * row + 1] for row in rows]
    assert (chosen.name, chosen.groups["b"]) == ("some", None)


def test_a_slice_is_a_view() -> None:
    whole = _batch()
    target, part = whole.target, whole[1:].target
    assert target is not None
    assert part is not None
    assert part.data_ptr() == target[1:].data_ptr()


def test_indices_are_moved_to_where_the_tensors_are() -> None:
    assert all(tensor.is_meta for tensor in find_tensors(_batch().to("meta")[torch.tensor([0, 2])]))


def test_on_the_same_device_the_tensors_stay_the_same() -> None:
    batch = _batch()
    assert batch.to("cpu").target is batch.target


def test_all_tensors_count_as_memory() -> None:
    assert num_bytes(_batch()) == 6 * 4 + 3 * 8
    assert num_bytes(_Batch(name="none", groups={})) == 0


def test_another_dataclass_is_no_batch_and_stays_as_it_is() -> None:
    assert not list(find_tensors({"x": 3, "y": [torch.zeros(1)]}))
    assert map_tensors("text", torch.neg) == "text"


def test_a_batch_keeps_its_class_and_all_its_fields() -> None:
    doubled = _batch().map_tensors(lambda tensor: tensor * 2)
    assert [field.name for field in fields(doubled)] == ["name", "groups", "target"]
    assert _targets(doubled) == [14, 16, 18]


@needs_cuda
def test_pinned_samples_are_copied_without_waiting() -> None:
    pinned = _batch().pin_memory()
    assert all(tensor.is_pinned() for tensor in find_tensors(pinned))
    moved = pinned.to("cuda")
    torch.cuda.synchronize()
    assert _targets(moved.to("cpu")) == _targets(_batch())
