"""Where in a composite an exception came from, and whether ``meta`` is to blame."""

import re
from collections.abc import Mapping
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
_TORCH, _HERE = Path(torch.__file__).parent, Path(__file__).parent


_WANTED = {
    "item()": "it looks at a number of a tensor (.item(), or an if)",
    "nonzero": "it chooses by values (a boolean mask, nonzero)",
    "masked_select": "it chooses by values (a boolean mask)",
    "lengths": "it looks at lengths",
    "copy out of meta": "it copies values to the CPU",
    "numpy": "it copies values to NumPy",
    "fused": "its fused implementation has no version for meta (set is_fused to false)",
}
"""What is looked at, by a part of torch's message."""


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


def explain_needed_values(error: BaseException) -> str:
    """Return in a few words what an operation wanted to know that `needs_values`."""
    text = str(error)
    if isinstance(error, TrainerNeededError):
        return text
    return next((words for sign, words in _WANTED.items() if sign in text), re.split(r"\n|\. ", text)[0])


def find_place(error: BaseException, submodules: Mapping[str, nn.Module]) -> ErrorPlace:
    """Return where a caught exception came from, by the submodules and their paths."""
    paths = {id(module): path for path, module in submodules.items()}
    path = layer = layer_input = None
    line = ""
    for frame, _ in walk_tb(error.__traceback__):
        if frame.f_code.co_filename == __file__ or "_call_impl" in frame.f_code.co_name:
            continue
        module = frame.f_locals.get("self")
        if isinstance(module, nn.Module):
            path = paths.get(id(module), path)
            layer, layer_input = module, _first_tensor(frame) if frame.f_code.co_name == "forward" else None
        if not {_TORCH, _HERE} & {*(file := Path(frame.f_code.co_filename)).parents}:
            line = f"{file.name}:{frame.f_lineno}"
    return ErrorPlace(path=path, layer=layer, layer_input=layer_input, line=line)


def _first_tensor(frame: FrameType) -> Tensor | None:
    names = frame.f_code.co_varnames[1 : frame.f_code.co_argcount]
    given = (frame.f_locals.get(name) for name in names)
    return next((value for value in given if isinstance(value, Tensor)), None)
