"""An exception in a step, as a finding that names both sides."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from torch import nn

from nested_lightning.app.assembly.widths import NotBuiltError
from nested_lightning.app.checking.data_flow import DataFlow
from nested_lightning.app.checking.error_places import (
    ErrorPlace,
    explain_needed_values,
    find_place,
    needs_values,
)
from nested_lightning.app.checking.findings import Fault, Unchecked
from nested_lightning.app.errors import UserError

Suggest: TypeAlias = Callable[[Sequence[str], str], str]
"""Takes the paths of submodules that give a width, and of the one that takes another; says what to do."""

_CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
_NORMALISATIONS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm)


def describe_error(
    error: Exception,
    *,
    where: str,
    submodules: Mapping[str, nn.Module],
    root: str,
    flow: DataFlow,
    suggest: Suggest,
) -> Fault | Unchecked:
    """Return what an exception means.

    Args:
        error: A caught exception.
        where: Path of the submodule, or name of the step, that failed.
        submodules: Submodules by path below the composite.
        root: Path of the composite.
        flow: Knows where a submodule's input came from.
        suggest: What to do about widths that don't fit.
    """
    place = find_place(error, submodules)
    inner = place.path or where
    path = f"{root}.{inner}" if inner in submodules else f"{root}: {where}"
    first_line = str(error).strip().partition("\n")[0]
    if needs_values(error):
        return Unchecked(path=path, why=f"{explain_needed_values(error)} ({place.line})")
    if isinstance(error, NotBuiltError):
        return Unchecked(path=path, why="something that it is built of couldn't be built")
    if isinstance(error, UserError):
        return Fault(path=path, what=str(error))
    if mismatch := _mismatch(place):
        givers = sorted(flow.givers(place.layer_input)) if place.layer_input is not None else []
        named = " and ".join(f"{root}.{giver}" for giver in givers) or "the data"
        what = f"{named} gives {mismatch[0]} features, but {path} takes {mismatch[1]}"
        return Fault(path=path, what=what, hint=suggest(givers, inner))
    return Fault(path=path, what=f"{type(error).__name__}: {first_line} ({place.line})")


def _mismatch(place: ErrorPlace) -> tuple[int, int] | None:
    """Return both widths where a layer was given another one than it takes."""
    widths = (getattr(place.layer, name, None) for name in _WIDTH_NAMES)
    taken = next(filter(None, widths), None)
    if not isinstance(taken, int) or place.layer_input is None or place.layer_input.dim() < 2:
        return None
    is_grid = isinstance(place.layer, _CONVOLUTIONS + _NORMALISATIONS)
    given = place.layer_input.shape[1 if is_grid else -1]
    return (given, taken) if given != taken else None


_WIDTH_NAMES = ("in_features", "in_channels", "num_features", "input_size", "embed_dim")
"""What torch's layers call the width of their input."""
