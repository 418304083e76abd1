"""Shapes that operations give on ``meta``, found out once for the same shapes."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves, tree_map_only

_empty = torch.ops.aten.empty_strided.default
_PLAIN = (Tensor, nn.Parameter)


class ShapeMemory:
    """Runs operations on ``meta``, and gives new tensors of the same shapes where one is repeated.

    torch finds out many shapes in Python, by some dozens of other operations: those of a batch normalisation
    take a millisecond. Only operations that make new tensors of plain ones are remembered.
    """

    def __init__(self) -> None:
        self._results: dict[Hashable, Any] = {}

    def __call__(self, func: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """Return what an operation gives."""
        key = _key(func, args, kwargs)
        if key is None:
            return func(*args, **kwargs)
        if key not in self._results:
            result = func(*args, **kwargs)
            if all(map(_is_plain, tree_leaves(result))):
                self._results[key] = tree_map_only(Tensor, _Shape, result)
            return result
        return tree_map_only(_Shape, _Shape.tensor, self._results[key])


class _Shape:
    """Size, strides and type of numbers of a tensor."""

    def __init__(self, tensor: Tensor) -> None:
        self._size, self._stride, self._dtype = tensor.size(), tensor.stride(), tensor.dtype

    def tensor(self) -> Tensor:
        """Return a new tensor like it."""
        made: Tensor = _empty(self._size, self._stride, dtype=self._dtype, device="meta")
        return made


def _key(func: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Hashable | None:
    if func.namespace != "aten" or any(returned.alias_info for returned in func._schema.returns):
        return None
    if not all(map(_is_plain, tree_leaves([args, kwargs]))):
        return None
    return func, torch.get_default_dtype(), _described(args), _described([*kwargs.items()])


def _described(value: Any) -> Hashable:
    if isinstance(value, Tensor):
        return value.shape, value.stride(), value.dtype
    if isinstance(value, list | tuple):
        return tuple(map(_described, value))
    return type(value), value  # since 1 and True are equal


def _is_plain(value: Any) -> bool:
    return not isinstance(value, Tensor) or (
        type(value) in _PLAIN and value.is_meta and value.layout is torch.strided and not value.is_complex()
    )
