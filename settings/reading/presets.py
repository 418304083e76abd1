"""A family's presets as layers of settings, and conflicts between several."""

from collections.abc import Sequence
from typing import Any

from nested_lightning.settings.describing.walking import dotted
from nested_lightning.settings.family import Family
from nested_lightning.settings.reading.errors import SettingsError, did_you_mean, shown
from nested_lightning.settings.reading.layers import Layer, Names
from nested_lightning.settings.reading.merging import flatten, nested


def preset_layer(family: Family, name: str) -> Layer:
    """Return the layer of a preset.

    Raises:
        SettingsError: The family has none of this name.
    """
    if not isinstance(name, str) or name not in family.presets:
        hint = did_you_mean(str(name), family.presets)
        allowed = ", ".join(family.presets) or "none"
        raise SettingsError([f"--preset {name}: {family.name} has no such preset{hint} (allowed: {allowed})"])
    preset = family.presets[name]
    return Layer(nested(preset.values), origin=f"preset {name}", is_preset=True, change=preset.change)


def refuse_rival_presets(layers: Sequence[Layer]) -> None:
    """Refuse two presets that give one setting different values, unless a file or an option above says it.

    Raises:
        SettingsError: With one line for each such setting.
    """
    first = next((i for i, layer in enumerate(layers) if layer.is_preset), len(layers))
    above = [layer for layer in layers[first:] if not layer.is_preset]
    claims: dict[Names, tuple[Any, str]] = {}
    rivals: list[str] = []
    for layer in layers:
        for names, value in flatten(layer.values).items() if layer.is_preset else ():
            other, origin = claims.setdefault(names, (value, layer.origin))
            is_said = any(one.has(names) for one in above)
            if other != value and origin != layer.origin and not is_said:
                rivals.append(_rivalry(names, (origin, other), (layer.origin, value)))
    if rivals:
        raise SettingsError(rivals)


def _rivalry(names: Names, one: tuple[str, Any], other: tuple[str, Any]) -> str:
    claims = " and ".join(f"{origin} sets it to {shown(value)}" for origin, value in (one, other))
    return f"{dotted(names)}: {claims}: leave one of them out, or say it by --set {dotted(names)}=VALUE"
