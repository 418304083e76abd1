"""Which modules are so much alike that they can be run as one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Size, nn

STACKABLE_LAYERS = (nn.Linear, nn.BatchNorm1d, nn.LayerNorm)
"""Layers whose weights can be stacked; every weight has to belong to one of them."""

MAX_PADDING = 2.0
"""Inputs filled up to the widest may be that many times as wide as they are without."""

_OF_EVERY_MODULE = frozenset(vars(nn.Module()))
_HOOKS = tuple(name for name in _OF_EVERY_MODULE if name.endswith("_hooks"))
_ANY = "any"


@dataclass(frozen=True)
class Part:
    """What is the same in the same place of modules that are alike.

    Attributes:
        path: Where it is in the module.
        kind: Its class.
        attributes: Its plain attributes; widths of the input aside.
        shapes: Shapes of its own tensors by name; widths of the input aside.
    """

    path: str
    kind: type[nn.Module]
    attributes: dict[str, Any]
    shapes: dict[str, Size]


def structure_of(module: nn.Module) -> list[Part] | None:
    """Return what modules that can be stacked with this one have in common; None: nothing can be.

    A module can be stacked if it publishes ``in_features``, learns, has no hooks, and all of its tensors
    belong to fully connected layers, batch normalisations with running statistics, and layer normalisations.
    """
    width = getattr(module, "in_features", None)
    learns = [parameter.requires_grad for parameter in module.parameters()]
    if not isinstance(width, int) or not learns or not all(learns):
        return None
    entrance = next((part for part in module.modules() if type(part) is nn.Linear), None)
    parts = []
    for path, part in module.named_modules(remove_duplicate=False):
        if not _is_stackable(part):
            return None
        has_input = part is module or (
            isinstance(part, nn.Linear) and part is entrance and part.in_features == width
        )
        parts.append(_describe(path, part, has_input=has_input))
    return parts


def are_alike(one: Sequence[Part], other: Sequence[Part]) -> bool:
    """Return whether two structures are equal; what can't be compared counts as different."""
    try:
        return bool(one == other)
    except (RuntimeError, TypeError, ValueError):  # arrays and tensors have no single answer
        return False


def share_padding(widths: Mapping[str, int]) -> list[list[str]]:
    """Return names in sets whose inputs, filled up to the widest, are at most `MAX_PADDING` times as wide.

    The widest one begins; the next narrower ones join it as long as the limit allows.
    """
    sets: list[list[str]] = []
    widest = total = 0
    for name in sorted(widths, key=lambda name: -widths[name]):
        total += widths[name]
        if not sets or widest * (len(sets[-1]) + 1) > MAX_PADDING * total:
            sets.append([])
            widest = total = widths[name]
        sets[-1].append(name)
    return [[name for name in widths if name in members] for members in map(set, sets)]


def _is_stackable(part: nn.Module) -> bool:
    own = [*part.parameters(recurse=False), *part.buffers(recurse=False)]
    if own and type(part) not in STACKABLE_LAYERS:
        return False
    if any(getattr(part, hooks) for hooks in _HOOKS):
        return False
    if isinstance(part, nn.BatchNorm1d):
        return part.track_running_stats and part.momentum is not None
    return not isinstance(part, nn.LayerNorm) or len(part.normalized_shape) == 1


def _describe(path: str, part: nn.Module, *, has_input: bool) -> Part:
    attributes = {name: value for name, value in vars(part).items() if name not in _OF_EVERY_MODULE}
    shapes = {name: tensor.shape for name, tensor in part.named_parameters(recurse=False)}
    shapes |= {name: tensor.shape for name, tensor in part.named_buffers(recurse=False)}
    if has_input:
        attributes["in_features"] = _ANY
        if "weight" in shapes:
            shapes["weight"] = shapes["weight"][:-1]
    attributes["dtypes"] = {name: tensor.dtype for name, tensor in part.named_parameters(recurse=False)}
    return Part(path, type(part), attributes, shapes)
