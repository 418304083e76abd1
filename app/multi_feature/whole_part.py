"""The outputs of all rows of a part, gathered from all processes.

Shapes: N rows, O outputs.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from torch import Tensor
from torchmetrics import Metric
from torchmetrics.utilities import dim_zero_cat


class WholePart(Metric):
    """Keeps outputs and what is true, batch by batch, and gives both of all rows at the end.

    Without ``columns`` one is predicted, whose truth is no mapping.
    """

    full_state_update = False
    outputs: list[Tensor]

    def __init__(self, columns: tuple[str, ...] = ()) -> None:
        super().__init__()
        self.columns = columns
        self.add_state("outputs", [], dist_reduce_fx="cat")
        for number in range(max(1, len(columns))):
            self.add_state(f"truth_{number}", [], dist_reduce_fx="cat")

    def update(self, outputs: Tensor, truth: Tensor | Mapping[str, Tensor]) -> None:
        """Add a batch: outputs of [B, O], and what is true of B rows."""
        self.outputs.append(outputs.detach())
        values = [truth] if isinstance(truth, Tensor) else [truth[name] for name in self.columns]
        for kept, value in zip(self._truths(), values, strict=True):
            kept.append(value)

    def compute(self) -> tuple[Tensor, Any]:
        """Return the outputs, [N, O], and what is true of N rows."""
        truths = [dim_zero_cat(kept) for kept in self._truths()]
        outputs = dim_zero_cat(self.outputs)
        return outputs, dict(zip(self.columns, truths, strict=True)) if self.columns else truths[0]

    def _truths(self) -> Iterator[Any]:
        return (getattr(self, f"truth_{number}") for number in range(max(1, len(self.columns))))
