"""All plug-ins that are installed, and what is wrong with them."""

from collections.abc import Iterator

from nested_lightning.settings.base import ChoiceSettings
from nested_lightning.settings.describing.walking import NamedItems, Place, fields_of
from nested_lightning.settings.families import PLUGGED_FAMILIES, families
from nested_lightning.settings.plugging.entry_points import Plugin
from nested_lightning.settings.plugging.plugged_choices import PLUGGED_CHOICES
from nested_lightning.settings.slot import Slot


def plugins() -> list[Plugin]:
    """Return all plug-ins, ours first, each with what is wrong with it; everything is imported for that."""
    PLUGGED_FAMILIES.import_described()
    taken = {choice for family in families().values() for choice in _choices(family.settings)}
    for plugin, choice in PLUGGED_CHOICES.added:
        if choice not in taken and not plugin.problems:
            plugin.refuse(f"no slot takes {choice.__qualname__}: derive it from a slot's base")
    return [*PLUGGED_FAMILIES.plugins, *PLUGGED_CHOICES.plugins]


def _choices(place: Place) -> Iterator[type[ChoiceSettings]]:
    """Yield every choice of every slot below a place."""
    if isinstance(place, NamedItems):
        yield from _choices(place.item)
    elif isinstance(place, Slot):
        for choice in place.choices.values():
            yield choice
            yield from _choices(choice)
    elif place is not None:
        for _, inner in fields_of(place):
            yield from _choices(inner)
