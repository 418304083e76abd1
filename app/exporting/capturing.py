"""From a module to a program that ``torch.export`` captured."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from copy import deepcopy
from inspect import currentframe
from io import StringIO
from pathlib import Path
from traceback import walk_stack
from typing import Any

import torch
from torch import Tensor, nn
from torch.export import Dim, ExportedProgram
from torch.fx import Node

from nested_lightning.app.checking.error_places import find_place
from nested_lightning.app.exporting.exportable import Exportable, ExportError
from nested_lightning.app.exporting.recurrent_layers import keep_whole
from nested_lightning.app.seam.padded_packing import padded_packing
from nested_lightning.app.tensors import tensors_in

_SIZES = "torch.fx.experimental.symbolic_shapes"
"""The logger of what sizes are taken for."""

_FIXED = re.compile(r"Eq\(s\d+, \d+\) \[guard added\] \((\S+):(\d+)")

_RANDOM = re.compile("rand|normal|bernoulli|multinomial|poisson|exponential|cauchy|geometric|uniform")


class _Flat(nn.Module):
    """Takes tensors one by one, and gives them so."""

    def __init__(self, exportable: Exportable) -> None:
        super().__init__()
        self.module, self._call = deepcopy(exportable.module), exportable.call

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """Return the tensors in what the module gives; none is an input as it was."""
        given = {*map(id, inputs)}
        return tuple(
            one.clone() if id(one) in given else one for one in tensors_in(self._call(self.module, *inputs))
        )


def capture(exportable: Exportable) -> ExportedProgram:
    """Return the program of a module, which is neither used nor changed.

    Raises:
        ExportError: It can't be captured: says where, and what stands in the way.
    """
    flat = _Flat(exportable).eval()
    keep_whole(flat)
    dims: list[Any] = [dict.fromkeys(sorted(dims), Dim.DYNAMIC) for dims in exportable.dynamic_dims]
    example = tuple(one.clone() for one in exportable.example)  # one tensor given twice would be one input
    fixed: list[tuple[str, str]] = []
    try:
        with torch.no_grad(), padded_packing(), quiet(), _noting_sizes(flat, fixed):
            program = torch.export.export(flat, example, dynamic_shapes={"inputs": tuple(dims)}, strict=False)
    except Exception as error:
        place = find_place(error, dict(flat.named_modules()))
        reason, path, line = _reason(error), place.path or "", place.line if place.path else ""
        if _is_of_sizes(error) and fixed:
            reason = (
                "the number of rows or steps is taken for a constant: write x.shape[0] for len(x), and no"
                " loop over steps"
            )
            path, line = fixed[0]
        where = ", ".join(filter(None, [path_in(exportable, path), line]))
        raise ExportError(f"{exportable.name}: it can't be exported: {reason} ({where})") from error
    for node in filter(_draws, program.graph.nodes):
        raise ExportError(
            f"{exportable.name}: it can't be exported: {node.target} draws random numbers by itself: what is"
            f" random has to be an input ({place_of(node, exportable)})"
        )
    return program


def place_of(node: Node, exportable: Exportable) -> str:
    """Return the submodule that a node of a program comes from."""
    stack = [path for path, _ in node.meta.get("nn_module_stack", {}).values()]
    return path_in(exportable, stack[-1] if stack else "")


def path_in(exportable: Exportable, path: str) -> str:
    """Return the path of a submodule, by its path within what was captured."""
    return ".".join([exportable.root, *path.split(".")[1:]])


@contextmanager
def quiet() -> Iterator[None]:
    """Leave out what is logged of packages that aren't here, of graphs that were given up, and advice."""
    names = ("torch.onnx", "torch.export", "torch.fx", _SIZES, "onnxscript", "onnx_ir")
    loggers = [logging.root, *map(logging.getLogger, names)]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
            yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)


@contextmanager
def _noting_sizes(module: nn.Module, fixed: list[tuple[str, str]]) -> Iterator[None]:
    """Take down in which submodule and line the size of an example was taken for the only one there is."""
    paths = {id(one): path for path, one in module.named_modules()}

    class Notes(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if found := _FIXED.search(record.getMessage()):
                callers = (frame.f_locals.get("self") for frame, _ in walk_stack(currentframe()))
                path = next((paths[id(one)] for one in callers if id(one) in paths), "")
                fixed.append((path, f"{Path(found[1]).name}:{found[2]}"))

    logger, notes = logging.getLogger(_SIZES), Notes()
    before = logger.level, logger.propagate, logger.handlers[:]
    logger.handlers[:], logger.propagate = [notes], False
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.setLevel(before[0])
        logger.propagate, logger.handlers[:] = before[1:]


def _draws(node: Node) -> bool:
    """Return whether a node gives random numbers; dropout and the like do so only in training."""
    name, tags = str(node.target), getattr(node.target, "tags", ())
    is_random = _RANDOM.search(name) is not None or ("dropout" in name and True in node.args)
    return is_random and torch.Tag.nondeterministic_seeded in tags


def _is_of_sizes(error: Exception) -> bool:
    return "You marked" in str(error)


def _reason(error: Exception) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    if "data-dependent" in text:
        return "what it does depends on numbers in a tensor (.item(), or an if): choose with torch.where"
    return text[:300]
