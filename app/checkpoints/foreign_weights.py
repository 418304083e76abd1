"""Which tensors of any file fit a module by their names."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from nested_lightning.app.errors import counted


@dataclass(frozen=True, kw_only=True)
class NameMatch:
    """What a module takes of given tensors.

    Attributes:
        taken: Tensors of the same name and shape.
        missing: Names in the module that aren't given.
        unexpected: Names that are given, and that the module hasn't.
        other_shape: Both shapes in words, by the name, of what is given in another shape.
    """

    taken: Mapping[str, Tensor] = field(repr=False)
    missing: tuple[str, ...] = ()
    unexpected: tuple[str, ...] = ()
    other_shape: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_whole(self) -> bool:
        """Whether each tensor of the module is given, and nothing besides."""
        return not (self.missing or self.unexpected or self.other_shape)

    def lines(self) -> list[str]:
        """Return what isn't taken, in words."""
        return [
            *(f"{name} is not in the file" for name in self.missing),
            *(f"{name} is not in the model" for name in self.unexpected),
            *(f"{name} {shapes}" for name, shapes in self.other_shape.items()),
        ]

    def summary(self) -> str:
        """Return how many tensors and numbers are taken."""
        of = len(self.taken) + len(self.missing) + len(self.other_shape)
        numbers = sum(value.numel() for value in self.taken.values())
        return f"{len(self.taken)} of {counted(of, 'tensor')}, {counted(numbers, 'number')}"

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data, with the number of tensors in the place of these."""
        plain = {
            "missing": [*self.missing],
            "unexpected": [*self.unexpected],
            "other_shape": {**self.other_shape},
        }
        return {"taken": len(self.taken), **{name: one for name, one in plain.items() if one}}


def tensors_within(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """Return the tensors below a dotted prefix, by their names below it; without a prefix, all of them."""
    start = f"{prefix}." if prefix else ""
    return {name.removeprefix(start): one for name, one in tensors.items() if name.startswith(start)}


def match_names(wanted: Mapping[str, Any], given: Mapping[str, Tensor]) -> NameMatch:
    """Return what a module, of a ``state_dict``, takes of given tensors by name; nothing is changed."""
    wanted = {name: one for name, one in wanted.items() if isinstance(one, Tensor)}
    both = {name: one for name, one in wanted.items() if name in given}
    unlike = {name: one for name, one in both.items() if given[name].shape != one.shape}
    return NameMatch(
        taken={name: given[name] for name in both if name not in unlike},
        missing=tuple(name for name in wanted if name not in given),
        unexpected=tuple(name for name in given if name not in wanted),
        other_shape={
            name: f"has shape {tuple(given[name].shape)} there, {tuple(one.shape)} here"
            for name, one in unlike.items()
        },
    )
