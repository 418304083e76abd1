"""Values of whole numbers on the ``meta`` device, where tensors have shapes alone.

Composites look at indices, masks and lengths to see what belongs together: which pictures are whose, where
padding begins. These come from the batch, not from weights, so that a check can know them.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map_only

from nested_lightning.app.seam.shape_memory import ShapeMemory

MAX_KNOWN_NUMBERS = 2**12
"""A tensor with more numbers has no known values."""

_aten = torch.ops.aten
_FACTORIES = {
    _aten.zeros.default,
    _aten.ones.default,
    _aten.full.default,
    _aten.scalar_tensor.default,
    _aten.arange.default,
    _aten.arange.start,
    _aten.arange.start_step,
}
_INDEXING = {
    _aten.index.Tensor,
    _aten.index_put.default,
    _aten.index_put_.default,
    _aten._index_put_impl_.default,
}


@contextmanager
def keeping_known_values() -> Iterator[None]:
    """Let small tensors of whole numbers on ``meta`` keep their values within the block, see `on_meta`."""
    with _KnownValues(), _Constants():
        yield


class _Constants(TorchFunctionMode):
    """Makes tensors of Python's numbers on the CPU and copies them, as an operation that can be seen."""

    def __torch_function__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        kwargs = dict(kwargs or {})
        if func is torch.tensor:
            device = torch.device(kwargs.pop("device", None) or torch.get_default_device())
            return func(*args, **{**kwargs, "device": "cpu"}).to(device)
        return func(*args, **kwargs)


class _KnownValues(TorchDispatchMode):
    """Knows the values of tensors by their storage; autograd copies the tensors themselves."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._values: dict[int, tuple[Tensor, Tensor]] = {}
        self._run = ShapeMemory()

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """Run one operation: on values where all of them are known, else on shapes."""
        kwargs = dict(kwargs or {})
        tensors = [leaf for leaf in tree_leaves([args, kwargs]) if isinstance(leaf, Tensor)]
        if not tensors:
            return self._make(func, args, kwargs)
        if all(self._value(tensor) is not None for tensor in tensors) and (
            kwargs.get("device") or any(t.is_meta for t in tensors)
        ):
            return self._compute(func, args, kwargs, tensors)
        if func in _INDEXING:
            args = [args[0], [plain for index in args[1] for plain in self._without_mask(index)], *args[2:]]
        if func._schema.is_mutable:
            self._values.pop(_storage(args[0]), None)
        return self._run(func, args, kwargs)

    def _make(self, func: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
        made = func(*args, **kwargs)
        if func in _FACTORIES and made.is_meta and not made.is_floating_point() and _is_small(made):
            self._values[_storage(made)] = made, func(*args, **{**kwargs, "device": "cpu"})
        return made

    def _compute(
        self, func: Any, args: Sequence[Any], kwargs: dict[str, Any], tensors: Sequence[Tensor]
    ) -> Any:
        device = torch.device(kwargs.get("device") or "meta")
        if "device" in kwargs:
            kwargs["device"] = torch.device("cpu")
        result = func(*tree_map_only(Tensor, self._value, args), **tree_map_only(Tensor, self._value, kwargs))
        if device.type != "meta":
            return result
        owners = {id(self._value(tensor)): tensor for tensor in tensors if tensor.is_meta}
        return tree_map_only(Tensor, lambda value: self._as_meta(value, owners), result)

    def _as_meta(self, value: Tensor, owners: Mapping[int, Tensor]) -> Tensor:
        if id(value) in owners:  # changed in place, or passed on
            return owners[id(value)]
        shape = torch.empty_strided(value.size(), value.stride(), dtype=value.dtype, device="meta")
        self._values[_storage(shape)] = shape, value
        return shape

    def _value(self, tensor: Tensor) -> Tensor | None:
        if not tensor.is_meta:
            return tensor if _is_small(tensor) else None
        shape, value = self._values.get(_storage(tensor), (None, None))
        return value if shape is not None and shape.shape == tensor.shape else None

    def _without_mask(self, index: Tensor | None) -> list[Tensor | None]:
        """Return a known mask as the indices of what it keeps, whose number is known."""
        mask = None if index is None or index.dtype != torch.bool else self._value(index)
        return [index] if mask is None else [kept.to("meta") for kept in mask.nonzero(as_tuple=True)]


def _storage(tensor: Tensor) -> int:
    return tensor.untyped_storage()._cdata


def _is_small(tensor: Tensor) -> bool:
    return tensor.numel() <= MAX_KNOWN_NUMBERS
