"""Which submodule's output goes into which, found by the way of the gradients."""

from collections import deque
from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import torch
from torch import Tensor


class DataFlow:
    """Remembers what submodules return, and finds it again in what others are given.

    Attributes:
        edges: Shape of the first tensor that goes from one submodule into another, by both paths; from None
            where it comes from the batch.
        returns: Shape of the first tensor that a submodule returns of one within it, by both paths.
    """

    def __init__(self) -> None:
        self.edges: dict[tuple[str | None, str], tuple[int, ...]] = {}
        self.returns: dict[tuple[str, str], tuple[int, ...]] = {}
        self._noted: set[str] = set()
        self._outer: set[str] = set()
        self._givers: dict[int, str] = {}
        self._kept: list[Any] = []

    def note(self, path: str, given: Sequence[Tensor], returned: Sequence[Tensor]) -> None:
        """Record one call of a submodule."""
        is_unknown = path in self._noted and not torch.is_grad_enabled()  # where there is no way back
        self._noted.add(path)
        for tensor in filter(Tensor.numel, given):
            givers: Sequence[str | None] = self.givers(tensor) or [None] * (not is_unknown)
            for giver in givers:
                if giver != path:
                    self.edges.setdefault((giver, path), tuple(tensor.shape))
        if path in self._outer:
            self._note_returns(path, returned)
        self._outer.update(accumulate(path.split(".")[:-1], "{}.{}".format))
        for tensor in returned:
            for key in (tensor, tensor.grad_fn):
                if key is not None:
                    self._givers[id(key)] = path
                    self._kept.append(key)

    def _note_returns(self, path: str, returned: Sequence[Tensor]) -> None:
        for tensor in returned:
            for giver in self.givers(tensor):
                if giver.startswith(f"{path}."):
                    self.returns.setdefault((giver, path), tuple(tensor.shape))

    def givers(self, tensor: Tensor) -> list[str]:
        """Return the paths of the submodules that a tensor was computed from, the nearest on each way."""
        if id(tensor) in self._givers:
            return [self._givers[id(tensor)]]
        found: dict[str, None] = {}  # ordered, unlike a set
        seen: set[int] = set()
        waiting = deque([tensor.grad_fn])
        while waiting:
            node: Any = waiting.popleft()
            if node is None or id(node) in seen:
                continue
            seen.add(id(node))
            if id(node) in self._givers:
                found[self._givers[id(node)]] = None
            else:
                waiting.extend(following for following, _ in node.next_functions)
        return [*found]
