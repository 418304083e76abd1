"""From a module to a program that ``torch.export`` captured."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

import torch
from torch import Tensor, nn
from torch.export import Dim, ExportedProgram

from nested_lightning.app.checking.error_places import find_place
from nested_lightning.app.exporting.exportable import Exportable, ExportError
from nested_lightning.app.exporting.recurrent_layers import keep_whole
from nested_lightning.app.seam.padded_packing import padded_packing
from nested_lightning.app.tensors import tensors_in


class _Flat(nn.Module):
    """Takes tensors one by one, and gives them so."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """Return the tensors in what the module gives; none is an input as it was."""
        given = {id(one) for one in inputs}
        return tuple(one.clone() if id(one) in given else one for one in tensors_in(self.module(*inputs)))


def capture(exportable: Exportable) -> ExportedProgram:
    """Return the program of a module, which is neither used nor changed.

    Raises:
        ExportError: It can't be captured: says where, and what stands in the way.
    """
    flat = _Flat(deepcopy(exportable.module)).eval()
    keep_whole(flat)
    dims: list[Any] = [dict.fromkeys(sorted(dims), Dim.DYNAMIC) for dims in exportable.dynamic_dims]
    try:
        with torch.no_grad(), padded_packing(), quiet():
            return torch.export.export(
                flat, exportable.example, dynamic_shapes={"inputs": tuple(dims)}, strict=False
            )
    except Exception as error:
        place = find_place(error, dict(flat.named_modules()))
        where = f"{path_in(exportable, place.path or '')} at {place.line}"
        raise ExportError(f"{exportable.name}: it can't be exported: {_reason(error)} ({where})") from error


def path_in(exportable: Exportable, path: str) -> str:
    """Return the path of a submodule, by its path within what was captured."""
    return ".".join([exportable.root, *path.split(".")[2:]])


@contextmanager
def quiet() -> Iterator[None]:
    """Leave out what torch says of operators of packages that aren't here, and what it failed to simplify."""
    names = ("torch.onnx", "torch.export", "torch.fx", "torch.fx.experimental.symbolic_shapes", "onnxscript")
    loggers = [logging.getLogger(name) for name in names]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)


def _reason(error: Exception) -> str:
    lines = [line.strip(" -") for line in str(error).splitlines() if line.strip()]
    fixed = [line for line in lines if line.startswith("You marked")]
    return (fixed or lines or [type(error).__name__])[0].partition(" If you're using")[0][:300]
