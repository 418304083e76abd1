"""Families that are given as FILE.py:NAME on the command line."""

import os
from pathlib import Path

from nested_lightning.commands.completing.bash import asking_shell
from nested_lightning.settings.families import PLUGGED_FAMILIES, find_family, know
from nested_lightning.settings.family import Family
from nested_lightning.settings.reading.errors import SettingsError


def know_family(model: str | None) -> str | None:
    """Return the name of a family; one given as FILE.py:NAME is registered for this process."""
    if model is None or not _is_own(model):
        return model
    return know_for_help(model) if asking_shell(os.environ) else _know(_load(model))


def know_for_help(model: str | None) -> str | None:
    """Do the same for help only: a description that was kept needs no torch."""
    if model is None or not _is_own(model):
        return model
    from nested_lightning.settings.describing.kept_families import keep, read_kept

    family = read_kept(model)
    if family is None:
        family = _load(model)
        keep(model, family)
    return _know(family)


def keep_in_package(model: str | None) -> Path:
    """Write the description of a family beside its module, for its package to ship, and return the file.

    Raises:
        SettingsError: It is no family of a package that a wiring function makes, or can't be written.
    """
    from nested_lightning.settings.describing.kept_families import keep, place_in_package

    family = find_family(str(model))
    named = next((plugin.point.value for plugin, one in PLUGGED_FAMILIES.added if one is family), "")
    place = place_in_package(named) if family.defined_by else None
    if place is None:
        raise SettingsError(
            [f"--keep: {model} is no wiring function that a package offers by its entry point"]
        )
    try:
        keep(named, family, place)
    except OSError as error:
        raise SettingsError([f"--keep: {place} can't be written: {error.strerror}"]) from None
    return place


def know_families(models: list[str] | None) -> list[str]:
    """Return the names of families; those given as FILE.py:NAME are registered for this process."""
    return [name for name in map(know_family, models or []) if name]


def _is_own(model: str) -> bool:
    if model.endswith(".py"):
        raise SettingsError([f"--model {model}: name the family in it too, as in {model}:NAME"])
    return ":" in model


def _load(model: str) -> Family:
    from nested_lightning.containers.owning.source_files import family_in_file

    return family_in_file(model)


def _know(family: Family) -> str:
    know(family)
    return family.name
