"""Protocols of the submodules of variant, which work on sequences.

Shapes: B samples of a batch, L steps of a sequence, C classes, N steps that count.
"""

from collections.abc import Mapping
from typing import Any, Protocol

from torch import Tensor, nn

from nested_lightning.app.assembly.protocols.declaring import instance_of


@instance_of(nn.Module)
class SequenceAdapter(Protocol):
    """A variant's own steps in, vectors of one width out."""

    out_features: int

    def __init__(self, *, in_features: int) -> None: ...

    def forward(self, x: Tensor) -> Tensor:
        """Map [B, L], int64, or [B, L, in_features], float, to [B, L, out_features]."""


@instance_of(nn.Module)
class SequenceTrunk(Protocol):
    """What all variants share between adapter and decoder."""

    out_features: int

    def __init__(self, *, in_features: int) -> None: ...

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """Map [B, L, in_features], and a mask of [B, L] or None, to [B, L, out_features]."""


@instance_of(nn.Module)
class SequenceDecoder(Protocol):
    """Vectors in, logits of each step out."""

    def __init__(self, *, in_features: int, out_features: int) -> None: ...

    def forward(self, x: Tensor, mask: Tensor | None, hidden: Any) -> tuple[Tensor, Any]:
        """Map [B, L, in_features], a mask or None, and a state or None to [B, L, C] and a state or None."""


@instance_of(nn.Module)
class SequenceLoss(Protocol):
    """Logits and classes in, their mean loss out."""

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        """Map [N, C], float, and [N], int64, to a scalar."""


@instance_of(nn.Module)
class LossBalance(Protocol):
    """A variant's mean loss in, the loss to minimise out."""

    def __init__(self, *, weights: Mapping[str, float], num_sequences: Mapping[str, int]) -> None: ...

    def forward(self, variant: str, loss: Tensor) -> Tensor:
        """Weigh the mean loss of one variant, a scalar."""

    def effective_weight(self, variant: str) -> float:
        """Return the factor of a variant's loss as it is now."""
