"""Where in a composite an exception came from, and whether ``meta`` is to blame."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from traceback import walk_tb
from types import FrameType

import torch
from torch import Tensor, nn

_NEEDS_VALUES = re.compile(
    r"meta tensor|meta device|Meta tensors|Meta kernel|\d?D meta \w+ tensor|data-dependent|data.independent"
    r"|fused=True.*supported devices|storage of size 0|found at least two devices.*\bmeta\b",
    re.DOTALL,
)
_TORCH = Path(torch.__file__).parent


class TrainerNeededError(RuntimeError):
    """A step asks its Trainer for what only a training has."""


@dataclass(frozen=True, kw_only=True)
class ErrorPlace:
    """Where an exception came from.

    Attributes:
        path: Path of the innermost submodule that was running; None: the composite's own code.
        layer: The innermost module that was running; None: none was.
        layer_input: The first tensor that it was given; None: it was given none.
        line: File and line of the innermost code outside of torch.
    """

    path: str | None
    layer: nn.Module | None
    layer_input: Tensor | None
    line: str


def needs_values(error: BaseException) -> bool:
    """Return whether an operation failed only because tensors have no values on ``meta``."""
    if isinstance(error, TrainerNeededError):
        return True
    return isinstance(error, RuntimeError | TypeError) and bool(_NEEDS_VALUES.search(str(error)))


def find_place(error: BaseException, submodules: Mapping[str, nn.Module]) -> ErrorPlace:
    """Return where an exception came from.

    Args:
        error: A caught exception.
        submodules: Submodules by path.
    """
    paths = {id(module): path for path, module in submodules.items()}
    path = layer = layer_input = None
    line = ""
    for frame in _frames(error):
        module = frame.f_locals.get("self")
        if isinstance(module, nn.Module):
            path = paths.get(id(module), path)
            layer, layer_input = module, _first_tensor(frame) if frame.f_code.co_name == "forward" else None
        if _TORCH not in (file := Path(frame.f_code.co_filename)).parents:
            line = f"{file.name}:{frame.f_lineno}"
    return ErrorPlace(path=path, layer=layer, layer_input=layer_input, line=line)


def _frames(error: BaseException) -> Iterator[FrameType]:
    for frame, _ in walk_tb(error.__traceback__):
        if frame.f_code.co_filename != __file__ and "_call_impl" not in frame.f_code.co_name:
            yield frame


def _first_tensor(frame: FrameType) -> Tensor | None:
    names = frame.f_code.co_varnames[1 : frame.f_code.co_argcount]
    given = (frame.f_locals.get(name) for name in names)
    return next((value for value in given if isinstance(value, Tensor)), None)
