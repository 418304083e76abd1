"""Layers of settings: nested values, each with the place that it comes from."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Names = tuple[str, ...]
"""A dotted path, name by name."""


@dataclass(frozen=True)
class Layer:
    """Nested values from one source.

    Attributes:
        values: Nested plain values.
        origin: The source as a person knows it, e.g. ``--set`` or ``my.yaml``.
        origins: Finer places of single values, e.g. ``my.yaml:3:5``.
        is_default: Whether these are a family's own defaults, which nobody set.
        overrides: What stood in providers' places in the training that wrote the values, by path.
        is_preset: Whether a preset says them.
        change: Gives more of them, by dotted names, of all that are in effect.
        notes: What to say of how they came about.
        provenance: Where a file says that its values were found, by path.
    """

    values: dict[str, Any]
    origin: str
    origins: Mapping[Names, str] = field(default_factory=dict)
    is_default: bool = False
    overrides: Mapping[str, str] = field(default_factory=dict)
    is_preset: bool = False
    change: Callable[[Mapping[str, Any]], Mapping[str, Any]] | None = None
    notes: Sequence[str] = ()
    provenance: Mapping[str, str] = field(default_factory=dict)

    def origin_of(self, names: Names) -> str:
        """Return the place of a value, or of what contains it."""
        for length in range(len(names), 0, -1):
            if names[:length] in self.origins:
                return self.origins[names[:length]]
        return self.origin

    def has(self, names: Names) -> bool:
        """Return whether there is a value at a path."""
        return has_value(self.values, names)


def find_origin(layers: Sequence[Layer], names: Names) -> str | None:
    """Return the place of the topmost value at a path, or of what contains it; None: it's a default."""
    for length in range(len(names), 0, -1):
        for layer in reversed(layers):
            if layer.has(names[:length]):
                return layer.origin_of(names)
    return None


def find_values(
    layers: Sequence[Layer], stages: Sequence[Mapping[str, Any]], names: Names
) -> Iterator[tuple[Any, str]]:
    """Yield each layer's value at a path with its place, the topmost first, down to where it was dropped.

    ``stages`` is what had been merged with each layer, see `settings.reading.merging.merge_layers`.
    """
    for layer, merged in zip(reversed(layers), reversed(stages), strict=True):
        if layer.has(names):
            yield value_at(layer.values, names), layer.origin_of(names)
        elif not has_value(merged, names):
            return


def lacking_overrides(layers: Sequence[Layer], given: Collection[str]) -> list[str]:
    """Return a line for each override of the training of these settings that isn't given again."""
    return [
        f"{layer.origin}: {path} was overridden with {text} in the training that these settings are of; give"
        f" it again, --override {path}={_name_in(text)}, or a registered kind in its place"
        for layer in layers
        for path, text in layer.overrides.items()
        if path not in given
    ]


def _name_in(text: str) -> str:
    name = text.partition(" (")[0]
    return "MODULE:NAME" if " " in name else name


def value_at(values: Any, names: Names) -> Any:
    """Return what is at a path of nested values.

    Raises:
        KeyError: There is nothing.
    """
    for name in names:
        if not isinstance(values, Mapping) or name not in values:
            raise KeyError(names)
        values = values[name]
    return values


def has_value(values: Mapping[str, Any], names: Names) -> bool:
    """Return whether there is something at a path of nested values."""
    try:
        value_at(values, names)
    except KeyError:
        return False
    return True
