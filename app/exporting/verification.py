"""What was exported has to answer as the model does."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import torch
from torch import Tensor

from nested_lightning.app.exporting.exportable import Exportable, ExportError, failing_as

Runtime: TypeAlias = Callable[[Sequence[Tensor]], list[Tensor]]


@dataclass(frozen=True, order=True)
class Difference:
    """The largest difference between what was exported and the model, in a row, from 0, of an output.

    Of numbers above 1 it is relative to them, else absolute.
    """

    size: float
    output: str
    row: int
    case: str

    def __str__(self) -> str:
        return f"output '{self.output}', row {self.row + 1} of {self.case}: {self.size:.2e}"


def compare(exportable: Exportable, start: Callable[[], Runtime]) -> Difference:
    """Return the largest difference over all cases; ``start`` opens what was exported in its runtime.

    Raises:
        ExportError: The runtime can't open it, or can't compute a case or gives another shape; or the
            model fails.
    """
    found = []
    with failing_as(f"{exportable.name}: its runtime can't open the exported graph"):
        runtime = start()
    for case, inputs in exportable.cases.items():
        expected = exportable.answers[case]
        with failing_as(f"{exportable.name}: the exported graph fails with {case}"):
            given = runtime(inputs)
        for name, right, said in zip(exportable.outputs, expected, given, strict=True):
            if right.shape != said.shape or right.dtype != said.dtype:
                raise ExportError(
                    f"{exportable.name}: with {case}, output '{name}' is {said.dtype} of {[*said.shape]}, and"
                    f" {right.dtype} of {[*right.shape]} in the model"
                )
            found.append(_largest(right, said, output=name, case=case))
    return max(found)


def _largest(right: Tensor, said: Tensor, *, output: str, case: str) -> Difference:
    if right.numel() == 0:
        return Difference(0.0, output, 0, case)
    a, b = right.double(), said.double()
    size = (a - b).abs() / a.abs().clamp(min=1)
    size = torch.where(
        (a == b) | (a.isnan() & b.isnan()), 0.0, size.nan_to_num(nan=torch.inf, posinf=torch.inf)
    )
    rows = size.reshape(len(size), -1).amax(dim=1) if size.dim() else size.reshape(1)
    return Difference(float(rows.max()), output, int(rows.argmax()), case)
