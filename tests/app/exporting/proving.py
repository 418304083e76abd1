"""A module as what is exported, and proven as a file would be."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from nested_lightning.app.exporting.exportable import Exportable
from nested_lightning.app.exporting.writing import Exported, Format, verify


def exportable_of(
    module: nn.Module, cases: Mapping[str, tuple[Tensor, ...]], *, num_outputs: int = 1, **more: Any
) -> Exportable:
    """Return a module with inputs to verify it with, whose names are ``x0``, ``x1`` and so on."""
    num_inputs = len(next(iter(cases.values())))
    names = {
        "inputs": [f"x{i}" for i in range(num_inputs)],
        "outputs": [f"y{i}" for i in range(num_outputs)],
    }
    return Exportable(
        **{"name": "model", "module": module.eval(), "cases": cases, "root": "mine", **names, **more}
    )


def proven(exportable: Exportable, format_: Format = "onnx", *, tolerance: float = 1e-4) -> Exported:
    """Return what `verify` gives."""
    return verify(exportable, format_, tolerance=tolerance)
