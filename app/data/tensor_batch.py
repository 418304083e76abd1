"""What the batches of all families share: they are dataclasses of tensors, moved and indexed as one."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import Field, fields
from typing import Any, ClassVar, Self

import torch
from torch import Tensor


class TensorBatch:
    """Base of a dataclass of samples, whose tensors have a row for each of them.

    A field is a tensor or a mapping of tensors, and may be None, or it is something else, which stays as it
    is.
    """

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    def __len__(self) -> int:
        return next((len(tensor) for tensor in find_tensors(self)), 0)

    def __getitem__(self, index: Tensor | slice) -> Self:
        """Return the samples at ``index``: views for a slice, one gather each for int64 indices or a mask."""
        if isinstance(index, slice) or index.dtype == torch.bool:
            return self.map_tensors(lambda tensor: tensor[index])
        there = next((index.to(tensor.device) for tensor in find_tensors(self)), index)
        return self.map_tensors(lambda tensor: tensor.index_select(0, there))

    def to(self, device: torch.device | str, non_blocking: bool = False) -> Self:
        """Return the same samples on ``device``; from page-locked memory they are copied without waiting."""
        there = torch.device(device)
        if all(tensor.device == there for tensor in find_tensors(self)):
            return self
        return self.map_tensors(lambda each: each.to(device, non_blocking=non_blocking or each.is_pinned()))

    def pin_memory(self) -> Self:
        """Return the same samples in page-locked memory, from which copies to a GPU need not wait."""
        return self.map_tensors(lambda tensor: tensor.pin_memory())

    def map_tensors(self, function: Callable[[Tensor], Tensor]) -> Self:
        """Return the same samples with each tensor replaced."""
        return type(self)(**map_tensors(values_by_field(self), function))


def map_tensors(data: Any, function: Callable[[Tensor], Tensor]) -> Any:
    """Return a tensor, a batch or a mapping of such with each tensor replaced, and anything else as it is."""
    if isinstance(data, Tensor):
        return function(data)
    if isinstance(data, TensorBatch):
        return data.map_tensors(function)
    if isinstance(data, Mapping):
        return {key: map_tensors(value, function) for key, value in data.items()}
    return data


def find_tensors(data: Any) -> Iterator[Tensor]:
    """Yield each tensor that `map_tensors` replaces."""
    if isinstance(data, Tensor):
        yield data
    elif isinstance(data, TensorBatch | Mapping):
        for value in (values_by_field(data) if isinstance(data, TensorBatch) else data).values():
            yield from find_tensors(value)


def num_bytes(data: Any) -> int:
    """Return the memory that these tensors take."""
    return sum(tensor.nbytes for tensor in find_tensors(data))


def values_by_field(batch: TensorBatch) -> dict[str, Any]:
    """Return what the fields of a batch hold, by their names."""
    return {field.name: getattr(batch, field.name) for field in fields(batch)}
