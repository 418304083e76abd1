"""From a module to a program that ``torch.export`` captured."""

import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.export import Dim, ExportedProgram

from nested_lightning.app.checking.error_places import find_place
from nested_lightning.app.exporting.exportable import Exportable, ExportError
from nested_lightning.app.exporting.recurrent_layers import keep_whole
from nested_lightning.app.seam.padded_packing import padded_packing
from nested_lightning.app.tensors import tensors_in


_FIXED = re.compile(r"Eq\(s\d+, \d+\) \[guard added\] \((\S+):(\d+)")


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
    example = tuple(one.clone() for one in exportable.example)  # one tensor given twice would be one input
    decisions: list[str] = []
    try:
        with torch.no_grad(), padded_packing(), quiet(), _noting_sizes(decisions):
            return torch.export.export(
                flat, example, dynamic_shapes={"inputs": tuple(dims)}, strict=False
            )
    except Exception as error:
        place = find_place(error, dict(flat.named_modules()))
        line = place.line if place.path else ""
        where = ", ".join(filter(None, [path_in(exportable, place.path or ""), line]))
        reason = _reason(error, decisions)
        raise ExportError(f"{exportable.name}: it can't be exported: {reason} ({where})") from error


def path_in(exportable: Exportable, path: str) -> str:
    """Return the path of a submodule, by its path within what was captured."""
    return ".".join([exportable.root, *path.split(".")[2:]])


@contextmanager
def quiet() -> Iterator[None]:
    """Leave out what torch says of operators of packages that aren't here, and what it failed to simplify."""
    names = ("torch.onnx", "torch.export", "torch.fx", "torch.fx.experimental.symbolic_shapes", "onnxscript", "onnx_ir")
    loggers = [logging.getLogger(name) for name in names]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)


@contextmanager
def _noting_sizes(decisions: list[str]) -> Iterator[None]:
    """Take down at which lines the size of an example was taken for the only one there is."""

    class Notes(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if found := _FIXED.search(record.getMessage()):
                decisions.append(f"{Path(found[1]).name}:{found[2]}")

    logger, notes = logging.getLogger("torch.fx.experimental.symbolic_shapes"), Notes()
    before = logger.level, logger.propagate, logger.handlers[:]
    logger.handlers[:], logger.propagate = [notes], False
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.setLevel(before[0])
        logger.propagate, logger.handlers[:] = before[1:]


def _reason(error: Exception, decisions: Sequence[str]) -> str:
    lines = [line.strip(" -") for line in str(error).splitlines() if line.strip()]
    if any(line.startswith("You marked") for line in lines):
        where = f" in {decisions[0]}" if decisions else ""
        return f"the number of rows or steps is taken for a constant{where}: write x.shape[0] for len(x)"
    return (lines or [type(error).__name__])[0][:300]
