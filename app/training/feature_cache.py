"""What a frozen submodule makes of its input, computed once for the whole training.

Shapes: B rows of a batch.
"""

import hashlib
import warnings
from typing import Any

import torch
from torch import Tensor, nn

from nested_lightning.app.errors import UserError

_MIB = 1 << 20


class FeatureCache:
    """Stands for the ``forward`` of a frozen submodule, and keeps what it gave for each row.

    A row is known again by a digest of its numbers, so it doesn't matter where in which batch it comes. What
    is kept lies where the submodule put it.

    Args:
        module: Takes one tensor of [B, …] and gives one of [B, …], each row by itself, as in evaluation mode.
        path: Its path, for messages.
        limit_mb: Mebibytes that are kept at most; what comes afterwards is computed each time.
    """

    def __init__(self, module: nn.Module, *, path: str, limit_mb: int) -> None:
        self._module, self._setting, self._limit = module, f"submodules.{path}.cache", limit_mb * _MIB
        self._kept: dict[bytes, Tensor] = {}
        self._num_bytes = self._num_met = 0
        self._is_first_epoch = True

    def begin(self) -> None:
        """Stand for the submodule's ``forward`` from now on."""
        self._module.forward = self

    def end(self) -> None:
        """Restore the submodule's own ``forward``, and keep nothing."""
        self._module.__dict__.pop("forward", None)
        self._kept.clear()
        self._num_bytes = 0

    def end_epoch(self) -> None:
        """Note where no row of a whole epoch was met before, and compute from then on."""
        if self._num_met == 0 and not self._is_first_epoch:
            warnings.warn(
                f"{self._setting} has no effect, as what the submodule is given differs in each"
                " epoch: leave cache out, or what varies its input, such as an augmentation",
                stacklevel=2,
            )
            self.end()
        self._num_met, self._is_first_epoch = 0, False

    @torch.no_grad()
    def __call__(self, *args: Any, **kwargs: Any) -> Tensor:
        """Return what the submodule makes of its input.

        Raises:
            UserError: It takes or gives something else than one tensor, or what comes before it learns.
        """
        (x,) = (*args, *kwargs.values()) if len(args) + len(kwargs) == 1 else (None,)
        if not isinstance(x, Tensor):
            raise UserError(f"{self._setting}: it doesn't take one tensor; name a part that does")
        if x.requires_grad:
            raise UserError(f"{self._setting}: what comes before it learns, so its input changes")
        digests = _digests(x)
        new = [row for row, digest in enumerate(digests) if digest not in self._kept]
        self._num_met += len(x) - len(new)
        computed = self._compute(x[new] if len(new) < len(x) else x) if new else None
        fresh = dict(zip(new, computed, strict=True)) if computed is not None else {}
        for row, value in fresh.items():
            self._keep(digests[row], value)
        return torch.stack(
            [fresh[row] if row in fresh else self._kept[digests[row]] for row in range(len(x))]
        )

    def _compute(self, x: Tensor) -> Tensor:
        given = type(self._module).forward(self._module, x)
        if not isinstance(given, Tensor) or given.ndim == 0 or len(given) != len(x):
            raise UserError(f"{self._setting}: it doesn't give a row for each row; leave cache out")
        return given

    def _keep(self, digest: bytes, value: Tensor) -> None:
        size = value.numel() * value.element_size()
        if self._num_bytes + size <= self._limit:
            self._kept[digest] = value.clone()  # and not the batch that it is a view of
            self._num_bytes += size


def _digests(x: Tensor) -> list[bytes]:
    """Return a digest of each row: of its numbers, their type and its shape."""
    rows = x.detach().cpu().contiguous().view(len(x), -1).view(torch.uint8).numpy()
    kind = f"{x.dtype} {tuple(x.shape[1:])}".encode()
    return [hashlib.blake2b(row, digest_size=16, key=kind[:64]).digest() for row in rows]
