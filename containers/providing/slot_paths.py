"""Where the settings choose what a provider gives."""

from collections.abc import Iterator
from functools import reduce
from urllib.parse import unquote

from nested_lightning.app.errors import UserError, did_you_mean
from nested_lightning.settings.application import application_settings_model
from nested_lightning.settings.base import ChoiceSettings
from nested_lightning.settings.describing.walking import NamedItems, Place, fields_of, step_of_any
from nested_lightning.settings.slot import Slot


def find_choice(path: str, kind: str) -> tuple[str, type[ChoiceSettings]]:
    """Return where the settings choose a submodule, and the settings class of a kind.

    Args:
        path: E.g. ``multi_feature.head`` or ``variant.decoders.text``, which the settings have as
            ``variant.variants.text.decoder``.
        kind: Its name.

    Raises:
        UserError: There is nothing to choose, or not this kind.
    """
    for where in (path, *paths_within(path)):
        slot = _place_at(where)
        if isinstance(slot, Slot):
            break
    else:
        raise UserError(f"{path}: there is nothing to choose at this path; `models` lists where there is")
    if kind not in slot.choices:
        raise UserError(
            f"{path}: no kind '{kind}' is registered there{did_you_mean(kind, slot.choices)}"
            f" (allowed: {', '.join(slot.choices)})"
        )
    return where, slot.choices[kind]


def paths_within(path: str) -> Iterator[str]:
    """Yield ``variant.variants.text.decoder`` for ``variant.decoders.text``, and the like."""
    section, _, rest = path.partition(".")
    part, _, item = rest.partition(".")
    family = _place_at(section)
    for name, place in fields_of(family).items() if isinstance(family, type) else ():
        if item and isinstance(place, NamedItems):
            yield f"{section}.{name}.{item}.{part.removesuffix('s')}"
        elif isinstance(place, type):
            yield f"{section}.{name}.{rest}"


def _place_at(path: str) -> Place:
    place: Place = application_settings_model()
    return reduce(step_of_any, map(unquote, path.split(".")), place)
