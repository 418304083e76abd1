"""An exception in a step, as a finding that names both sides."""

from collections.abc import Mapping

from torch import nn

from app.checking.data_flow import DataFlow
from app.checking.error_places import ErrorPlace, find_place, needs_values
from app.checking.findings import Fault, Unchecked
from app.errors import UserError


def describe_error(
    error: Exception, *, where: str, submodules: Mapping[str, nn.Module], root: str, flow: DataFlow
) -> Fault | Unchecked:
    """Return what an exception means.

    Args:
        error: A caught exception.
        where: Path of the submodule, or name of the step, that failed.
        submodules: Submodules by path below the composite.
        root: Path of the composite.
        flow: Knows where a submodule's input came from.
    """
    place = find_place(error, submodules)
    path = f"{root}.{place.path or where}" if (place.path or where) in submodules else f"{root}: {where}"
    first_line = str(error).strip().partition("\n")[0]
    if needs_values(error):
        return Unchecked(path=path, why=f"{first_line} ({place.line})")
    if isinstance(error, UserError):
        return Fault(path=path, what=str(error))
    widths = _describe_widths(place, path, root, flow)
    return Fault(
        path=path,
        what=widths or f"{type(error).__name__}: {first_line} ({place.line})",
        hint="set or override one of the two so that the widths are the same" if widths else "",
    )


def _describe_widths(place: ErrorPlace, path: str, root: str, flow: DataFlow) -> str | None:
    """Return both widths where a layer was given another one than it takes."""
    if not isinstance(place.layer, nn.Linear) or place.layer_input is None:
        return None
    taken, given = place.layer.in_features, place.layer_input.shape[-1]
    if taken == given:
        return None
    givers = sorted(flow.givers(place.layer_input)) or ["the data"]
    named = " and ".join(name if name == "the data" else f"{root}.{name}" for name in givers)
    return f"{named} gives {given} features, but {path} takes {taken}"
