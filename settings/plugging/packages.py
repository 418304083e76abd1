"""Which packages settings need: those of the plug-ins that their family and their choices come from."""

import re
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from nested_lightning.settings.base import ChoiceSettings
from nested_lightning.settings.describing.in_effect import settings_in_effect
from nested_lightning.settings.describing.walking import Place, choices_below, dotted
from nested_lightning.settings.families import PLUGGED_FAMILIES, families
from nested_lightning.settings.family import Family
from nested_lightning.settings.plugging.entry_points import OWN_PACKAGE, Plugin
from nested_lightning.settings.slot import PLUGGED_CHOICES, Slot
from nested_lightning.settings.trainer import TrainerSettings


def plugins() -> list[Plugin]:
    """Return all plug-ins, ours first, each with what is wrong with it; everything is imported for that."""
    PLUGGED_FAMILIES.import_described()
    places: tuple[Place, ...] = (TrainerSettings, *(family.settings for family in families().values()))
    taken = {choice for place in places for choice in choices_below(place)}
    for plugin, choice in PLUGGED_CHOICES.added:
        if choice not in taken and not plugin.problems:
            plugin.refuse(f"no slot takes {choice.__qualname__}: derive it from a slot's base")
    return [*PLUGGED_FAMILIES.plugins, *PLUGGED_CHOICES.plugins]


def package_of(added: Family | type[ChoiceSettings]) -> str | None:
    """Return the name of the package that a family or a choice comes from; None: it is our own."""
    plugged = (*PLUGGED_FAMILIES.added, *PLUGGED_CHOICES.added)
    names = [plugin.package for plugin, known in plugged if known is added]
    return next((name for name in names if name != OWN_PACKAGE), None)


def packages_of(family: Family, settings: BaseModel) -> dict[str, str]:
    """Return the package of each plug-in that settings of a family use, ``NAME==VERSION``, by dotted path."""
    by_class = {choice: plugin for plugin, choice in PLUGGED_CHOICES.added}
    found = {known.section: plugin for plugin, known in PLUGGED_FAMILIES.added if known is family}
    for one in settings_in_effect(settings) if by_class else ():
        is_used = one.is_kind and one.names[0] in (family.section, "trainer", "submodules")
        choice: Any = one.place.choices[one.value] if is_used and isinstance(one.place, Slot) else None
        if choice in by_class:
            found[dotted(one.names[:-1])] = by_class[choice]
    return {path: plugin.requirement for path, plugin in found.items() if plugin.package != OWN_PACKAGE}


def explain_missing(needed: Mapping[str, str]) -> list[str]:
    """Return a line for each package of `packages_of`, recorded here or elsewhere, that can't be used."""
    here = {_normalized(plugin.package): plugin for plugin in plugins()}
    failed = {_normalized(plugin.package): plugin for plugin in plugins() if plugin.error}
    lines = []
    for requirement, paths in _by_requirement(needed).items():
        package, _, version = requirement.partition("==")
        what = f"the package {package} {version} is needed for {', '.join(paths)}"
        if _normalized(package) not in here:
            lines.append(f"{what}, and isn't installed; if you know and trust it: pip install {requirement}")
        elif _normalized(package) in failed:
            lines.append(f"{what}, and can't be used: {failed[_normalized(package)].error}")
    return lines


def explain_versions(needed: Mapping[str, str]) -> list[str]:
    """Return a line for each package that is needed, and has another version here."""
    here = {_normalized(plugin.package): plugin.requirement for plugin in plugins()}
    return [
        f"{', '.join(paths)}: made with {requirement}, and here is {here[package]}"
        for requirement, paths in _by_requirement(needed).items()
        if (package := _normalized(requirement.partition("==")[0])) in here and here[package] != requirement
    ]


def _by_requirement(needed: Mapping[str, str]) -> dict[str, list[str]]:
    paths: dict[str, list[str]] = {}
    for path, requirement in needed.items():
        paths.setdefault(requirement, []).append(path)
    return paths


def _normalized(package: str) -> str:
    return re.sub(r"[-_.]+", "-", package).lower()
