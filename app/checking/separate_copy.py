"""Copies of ready submodules, so that a check changes nothing that is used elsewhere."""

from copy import deepcopy
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import UninitializedBuffer, UninitializedParameter, is_lazy


class SeparateCopies:
    """Gives a copy of each module that isn't the check's own; the same one for the same module.

    Args:
        is_on_meta: Copies lie on ``meta``, where they take no memory; modules that are there already, as all
            are that a check builds, aren't copied.
    """

    def __init__(self, *, is_on_meta: bool) -> None:
        self._is_on_meta = is_on_meta
        self._copies: dict[int, tuple[nn.Module, nn.Module]] = {}

    def __call__(self, module: nn.Module) -> nn.Module:
        """Return the copy that is checked instead of a module."""
        if id(module) not in self._copies:
            self._copies[id(module)] = module, self._copy(module)
        return self._copies[id(module)][1]

    def original(self, module: nn.Module) -> nn.Module:
        """Return the module that a copy was made of."""
        return next((first for first, copied in self._copies.values() if copied is module), module)

    def _copy(self, module: nn.Module) -> nn.Module:
        tensors = [*module.parameters(), *module.buffers()]
        if not self._is_on_meta:
            return deepcopy(module)
        if all(tensor.is_meta for tensor in tensors):
            return module
        memo: dict[int, Any] = {}
        for tensor in tensors:
            memo[id(tensor)] = _on_meta(tensor)
        return deepcopy(module, memo)


def _on_meta(tensor: Tensor) -> Tensor:
    if is_lazy(tensor):  # has no shape yet
        kind: Any = UninitializedParameter if isinstance(tensor, nn.Parameter) else UninitializedBuffer
        lazy: Tensor = kind(requires_grad=tensor.requires_grad, device="meta")
        return lazy
    shape = torch.empty_like(tensor, device="meta")
    is_parameter = isinstance(tensor, nn.Parameter)
    return nn.Parameter(shape, requires_grad=tensor.requires_grad) if is_parameter else shape
